// A command from its start to its end, and to the end of all that it has started.
#ifndef GANGER_EXEC_WATCH_H
#define GANGER_EXEC_WATCH_H

#include <chrono>
#include <cstddef>
#include <functional>
#include <ganger/ctx.hpp>
#include <string_view>

#include "command.h"
#include "family.h"

namespace ganger::exec {

/// How it ended.
struct CommandEnd {
  bool was_stopped = false;           ///< the task was asked to stop, and so was the command
  int code = 0;                       ///< of its exit
  int signal = 0;                     ///< that ended it; 0 = none
  std::size_t left_behind = 0;        ///< processes that it left running, and that were ended
  bool is_output_still_open = false;  ///< by somebody who could not be found
};

/// Reads what it writes and waits for its end in one loop; nothing it has started outlives this object, however it
/// goes. Thread: one.
class Watch {
 public:
  using Taker = std::function<void(std::string_view bytes)>;

  Watch(const ctx& c, const Command& command, std::chrono::nanoseconds kill_after, Taker out, Taker err);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Once. Throws what the takers throw.
  CommandEnd run();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  bool step(std::chrono::nanoseconds longest);
  void take(Descriptor& from, short events, const Taker& taker);
  void reap();
  void stop();
  void end_what_is_left();
  bool has_all_output() const { return !started_.out.is_open() && !started_.err.is_open(); }
  /// Steps until `is_enough()`, or until that time.
  template <class F>
  bool step_until(TimePoint until, F is_enough);

  const ctx& ctx_;
  const std::chrono::nanoseconds kill_after_;
  const Taker take_out_, take_err_;
  Started started_;
  Family family_;
  CommandEnd end_;
  int stop_fd_ = -1;  // -1: the stop is asked for by ctx_.stop_requested()
  bool has_ended_ = false, is_reaped_ = false, is_stop_asked_ = false, is_over_ = false;
};

}  // namespace ganger::exec

#endif  // GANGER_EXEC_WATCH_H
