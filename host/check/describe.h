// What a plugin says it provides, asked in a child process: no file can harm the one who asks.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "host/error.h"
#include "host/isolate/process/process.h"
#include "host/plugin/types.h"
#include "host/stop/clock.h"

namespace ganger::host {

/// The first word on the command line of the child; the others are the process id of who asks, and the file.
inline constexpr std::string_view kDescribeWord = "__describe";
/// The descriptor on which it answers.
inline constexpr int kAnswerFd = 3;

/// Asks children. Thread: one at a time.
class Describer {
 public:
  /// Shape: program = what runs run_describe() when its first word is kDescribeWord
  explicit Describer(std::filesystem::path program = "/proc/self/exe", Duration limit = std::chrono::seconds(5))
      : program_(std::move(program)), limit_(limit) {}

  /// The plugin is not open in this process, see parse_description(). The child is gone when this returns.
  /// Shape:  file absolute
  /// Errors: what read_elf_file(), open_plugin() and read_description() say;  refused when the plugin's code crashes,
  ///         ends the process, takes too long, or changes what is not its own while it is opened;  io
  Result<std::unique_ptr<Plugin>> describe(const std::filesystem::path& file);

 private:
  const std::filesystem::path program_;
  const Duration limit_;
  std::unique_ptr<Spawner> spawner_;  // once there is something to ask
};

/// What the child answers when there is no description.
std::string error_json(const Error& error);

/// The child. Before anything else has been done in this process; leaves by _exit where it is one.
int run_describe(int argc, const char* const* argv);

}  // namespace ganger::host
