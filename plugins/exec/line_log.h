// Lines of what a command writes, to the log of its task while they come.
#ifndef GANGER_EXEC_LINE_LOG_H
#define GANGER_EXEC_LINE_LOG_H

#include <cstdint>
#include <ganger/ctx.hpp>
#include <string>
#include <string_view>

namespace ganger::exec {

/// Logs each line, up to a number of lines and a length of each; empty ones are left out. A line ends with a line
/// feed or, as those of progress bars do, with a carriage return. Thread: one.
class LineLog {
 public:
  LineLog(const ctx& c, std::int32_t level, const char* stream) : ctx_(c), level_(level), stream_(stream) {}

  void add(std::string_view text);
  /// Logs what has no end of line.
  void finish();
  /// The last lines, in one, for the reason of a failure. Only after finish().
  std::string last_lines() const;

 private:
  void end_line();

  const ctx& ctx_;
  const std::int32_t level_;
  const char* const stream_;
  std::string line_;  // the one that has not ended, as far as it is logged
  std::string tail_;  // the last bytes of it all
  std::uint64_t bytes_ = 0, logged_ = 0;
};

}  // namespace ganger::exec

#endif  // GANGER_EXEC_LINE_LOG_H
