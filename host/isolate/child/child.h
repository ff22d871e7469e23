// A child process as its host has it: the process, the channel to it, and what it writes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/isolate/child/frame.h"
#include "host/isolate/child/messages.h"
#include "host/isolate/process/process.h"
#include "host/plan/sandbox.h"
#include "host/secrets.h"

namespace ganger::host {

struct Plugin;

/// What a process writes to a pipe, line by line; lines longer than the most are cut into several, but no secret is.
class LinePipe {
 public:
  static constexpr std::size_t kMostLineBytes = 8 * 1024;
  using Take = std::function<void(std::string_view line)>;

  /// Lifetime: secrets outlive it
  void open(Descriptor fd, const Secrets& secrets) {
    fd_ = std::move(fd);
    secrets_ = &secrets;
  }
  int fd() const { return fd_.get(); }
  /// Hands out what is there, at most `most_bytes`; false at the end of the file.
  bool read(const Take& take, std::size_t most_bytes);
  /// Hands out a last line without an end.
  void finish(const Take& take);

 private:
  void add(std::string_view bytes, const Take& take);
  void end_line(const Take& take);
  void cut_off(const Take& take);
  Descriptor fd_;
  const Secrets* secrets_ = nullptr;
  std::string line_;
};

/// How a child is started.
struct ChildStart {
  std::filesystem::path program;
  std::vector<std::string> environment;
  const Plugin* plugin = nullptr;
  Sandbox sandbox{};
  SetupMessage setup{};
  const Secrets& secrets;
};

/// Thread: one at a time.
class Child {
 public:
  /// The variable that every child of this process has in its environment, and so has all that it starts, begins so.
  static std::string mark_of_all();
  /// Errors: io, something is short: worth another try later
  static Result<std::unique_ptr<Child>> start(Spawner& spawner, ChildStart how);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const Plugin* plugin() const { return plugin_; }
  const Sandbox& sandbox() const { return sandbox_; }
  Process& process() { return process_; }
  LinePipe& out() { return out_; }
  LinePipe& err() { return err_; }
  int calls_fd() const { return calls_.get(); }
  int control_fd() const { return control_.get(); }

  /// Puts a frame in line; flush() sends as much as the child takes. False when the channel is broken.
  void queue(FrameKind kind, std::uint32_t call, std::string_view payload);
  bool flush();
  std::size_t queued() const { return outgoing_.size() - sent_; }
  enum class Receipt : std::uint8_t { some, nothing, closed };
  /// Takes in what the child has sent, without waiting.
  Receipt receive();
  FrameDecoder& frames() { return frames_; }

  void send_stop(std::uint32_t call, std::int32_t reason);
  /// Takes in more of its last words, of which too many are thrown away; false at the end.
  bool read_note();
  const std::string& note() const { return note_; }

  /// The number of the next call.
  std::uint32_t count_call() { return ++calls_made_; }
  std::uint32_t calls_made() const { return calls_made_; }
  bool is_ready() const { return is_ready_; }
  void set_ready() { is_ready_ = true; }
  /// Has it ended while nobody looked?
  bool is_gone() const;
  /// An eventfd that makes whoever drives a call of it look up. Thread: to be written to from any
  int wake_fd() const { return wake_.get(); }

  /// SIGKILL for it and for all that descends from it.
  void kill_tree();
  /// Reaps it and ends what it has left behind.
  std::optional<ProcessEnd> reap(TimePoint until, Ended& left);
  /// Tells it that it is needed no more: it closes what it has open and leaves.
  void dismiss();
  /// Waits for that, passing on its last lines.
  void see_off(TimePoint until, const LinePipe::Take& take);

 private:
  Child() = default;
  bool pass_on(const LinePipe::Take& take);
  bool is_mine(pid_t pid) const;
  Ended end_left_processes();

  const Plugin* plugin_ = nullptr;
  Sandbox sandbox_;
  Process process_;
  pid_t pid_ = -1;    // also once it has been reaped
  std::string mark_;  // in its environment, and so in that of all it starts
  std::vector<pid_t> killed_;
  Descriptor calls_, control_, wake_;
  LinePipe out_, err_;
  std::string outgoing_, note_;
  std::size_t sent_ = 0;
  FrameDecoder frames_{Side::child};
  std::uint32_t calls_made_ = 0;
  bool is_ready_ = false;
};

}  // namespace ganger::host
