// `ganger` as its users meet it: a process with arguments, streams, signals and an exit code.
#pragma once
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ganger::host::test {

/// What a process left behind, and what a test says about it. Each check reports all there is to see when it fails.
class Ended {
 public:
  std::string command, out, err;
  int code = -1;   ///< exit code; -1 when a signal ended it
  int signal = 0;  ///< that ended it
  std::chrono::nanoseconds took{0};

  const Ended& exits(int wanted) const;
  /// stderr holds `text`.
  const Ended& says(std::string_view text) const;
  const Ended& never_says(std::string_view text) const;
  /// stdout holds `text`.
  const Ended& prints(std::string_view text) const;
  const Ended& never_prints(std::string_view text) const;
  const Ended& takes_less_than(std::chrono::nanoseconds limit) const;
  nlohmann::json json() const;

 private:
  std::string all() const;
};

/// A process that is being put together, and then waited for. Its environment is empty but for PATH, HOME (a folder
/// of the test's own) and what with_env() adds; stdin is /dev/null. One that takes too long is killed.
class Process {
 public:
  Process(std::filesystem::path folder, std::vector<std::string> arguments)
      : folder_(std::move(folder)), arguments_(std::move(arguments)) {}

  Process& with_env(const std::string& name, const std::string& value) {
    environment_[name] = value;
    return *this;
  }
  /// The signals are sent one after another, each once stderr holds its text (again after the last one).
  Process& signalled(int signal, std::string_view once_it_says) {
    signals_.push_back({signal, std::string(once_it_says)});
    return *this;
  }
  /// Among the signals: calls `act` with the process's id instead, once stderr holds the text.
  Process& acted_on(std::function<void(pid_t)> act, std::string_view once_it_says) {
    signals_.push_back({0, std::string(once_it_says), std::move(act)});
    return *this;
  }
  /// It is started with that limit (RLIMIT_...), which its children inherit.
  Process& limited(int resource, rlim_t most) {
    limits_[resource] = most;
    return *this;
  }
  /// It is started with so much address space, which this process could not have been.
  Process& with_address_space(std::uint64_t kibibytes) {
    address_space_ = kibibytes;
    return *this;
  }
  /// It is started with this signal ignored, as by nohup.
  Process& ignoring(int signal) {
    ignored_ = signal;
    return *this;
  }
  /// It has a process group of its own, as a shell with job control gives it. Without one SIGTSTP may do nothing: the
  /// kernel stops nobody in a group that nobody could continue.
  Process& as_a_job() {
    is_job_ = true;
    return *this;
  }
  /// stdout is a file on a disk that is full.
  Process& with_full_disk() {
    has_full_disk_ = true;
    return *this;
  }
  /// stdout leads to a pipe that nobody reads any more.
  Process& with_closed_stdout() {
    has_closed_stdout_ = true;
    return *this;
  }
  /// stdin is this file of the folder instead of /dev/null.
  Process& with_stdin(const std::string& name) {
    stdin_ = (folder_ / name).string();
    return *this;
  }
  /// Descriptor 3 of the process is this file.
  Process& with_fd_3(const std::filesystem::path& file) {
    fd_3_ = file.string();
    return *this;
  }
  /// It may take that long, instead of a minute.
  Process& within(std::chrono::nanoseconds longest) {
    longest_ = longest;
    return *this;
  }
  Ended end();

 private:
  struct Signal {
    int number;
    std::string once;
    std::function<void(pid_t)> act{};
  };
  pid_t start(int out, int err) const;
  void watch(pid_t pid, int out, int err, Ended& ended);

  std::filesystem::path folder_;
  std::vector<std::string> arguments_;
  std::map<std::string, std::string> environment_;
  std::vector<Signal> signals_;
  std::map<int, rlim_t> limits_;
  std::string stdin_ = "/dev/null", fd_3_;
  std::chrono::nanoseconds longest_ = std::chrono::minutes(1);
  std::uint64_t address_space_ = 0;  // 0 = as much as this process
  int ignored_ = 0;
  bool has_closed_stdout_ = false, is_job_ = false, has_full_disk_ = false;
};

/// A test with a folder of its own, in which its processes run.
class GangerTest : public testing::Test {
 protected:
  GangerTest();
  ~GangerTest() override;

  /// A file of that name and text in the folder; its path.
  std::string write(const std::string& name, std::string_view text) const;
  std::string read(const std::string& name) const;
  Process ganger(std::vector<std::string> arguments) const { return Process(folder_, std::move(arguments)); }
  /// Each argument on its own.
  template <class... Words>
  Ended run_ganger(Words... words) const {
    return ganger({words...}).end();
  }

  const std::filesystem::path folder_;
};

/// Where the plugins that misbehave are, and those of these tests.
inline const std::string kHostile = GANGER_BINARY_DIR "/hostile";
inline const std::string kPlugins = GANGER_BINARY_DIR "/tests/cli/plugins";

}  // namespace ganger::host::test
