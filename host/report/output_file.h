// What a run writes for others: files and pipes, opened before anything has run, and written without being held up
// for ever by somebody who does not read.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "host/error.h"
#include "host/stop/clock.h"

namespace ganger::host {

/// How long those who write wait for those who read: for as long as it takes, until limit() is called at the end of
/// the run. Thread: any
class Patience {
 public:
  /// From now on nobody waits for a reader who has taken nothing for `idle`, and nobody waits past `until`.
  void limit(Duration idle, TimePoint until);
  /// Is a reader who took something at `last` still waited for at `now`?
  bool lasts(TimePoint last, TimePoint now) const;

 private:
  std::atomic<Duration> idle_{Duration::max()};
  std::atomic<TimePoint> until_{kNever};
};

/// Waits a moment; false = do not wait any longer. Called again and again while something is waited for.
using KeepWaiting = std::function<bool()>;

/// How a run waits for those who read what it writes.
struct Waiting {
  KeepWaiting keep_waiting;                  ///< until somebody opens a pipe for reading
  std::shared_ptr<const Patience> patience;  ///< for somebody who does not read on
};

/// A path that cannot be is found at create(), a full disk at close(). Thread: none.
class OutputFile {
 public:
  /// What a problem() is when a reader was not waited for any longer.
  static constexpr int kNobodyReads = -1;

  /// Opens or makes a file. A named pipe is opened once somebody has opened it for reading.
  /// Shape:   option = what the user calls it, for messages: "--junit"; waiting: null = for as long as it takes
  /// Errors:  cannot_create, also when it was not to keep waiting
  static Result<OutputFile> create(std::string option, std::string path, const Waiting* waiting = nullptr);
  /// A descriptor that is open already, may be shared with other processes, and is left open.
  static OutputFile of_descriptor(std::string option, std::string name, int fd,
                                  std::shared_ptr<const Patience> patience);
  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept
      : option_(std::move(other.option_)),
        path_(std::move(other.path_)),
        fd_(std::exchange(other.fd_, -1)),
        kind_(other.kind_),
        patience_(std::move(other.patience_)),
        problem_(other.problem_) {}
  OutputFile& operator=(OutputFile&&) = delete;

  /// After the first problem nothing is written any more.
  void write(std::string_view text);
  /// The errno of the first write that failed, kNobodyReads, or 0.
  int problem() const { return problem_; }
  /// How all the writing went. Once.
  /// Errors:  io
  Result<void> close();

  /// "--junit: cannot write FILE: No space left on device".
  static std::string text_of(std::string_view option, std::string_view path, int problem);

 private:
  /// What a write that must not block takes: nothing special for what we have opened ourselves.
  enum class Kind : unsigned char { own, shared, shared_pipe, shared_socket };

  OutputFile(std::string option, std::string path, int fd, Kind kind, std::shared_ptr<const Patience> patience)
      : option_(std::move(option)), path_(std::move(path)), fd_(fd), kind_(kind), patience_(std::move(patience)) {}
  ssize_t write_now(std::string_view text) const;

  std::string option_, path_;
  int fd_;
  Kind kind_;
  std::shared_ptr<const Patience> patience_;  // null = without end
  int problem_ = 0;
};

}  // namespace ganger::host
