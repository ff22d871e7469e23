// The host table with somebody who looks at each call before it is served.
#pragma once
#include <ganger/plugin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ganger::host {

/// The services of a task, in the order of ganger_host.
enum class Service : unsigned char {
  log,
  fail,
  stop_reason,
  stop_fd,
  deadline_ns,
  on_stop,
  off_stop,
  progress,
  param,
  input,
  output,
  work_dir,
  acquire,
  release,
  parallel
};
inline constexpr std::array<std::string_view, 15> kServiceNames = {
    "log",   "fail",  "stop_reason", "stop_fd",  "deadline_ns", "on_stop", "off_stop", "progress",
    "param", "input", "output",      "work_dir", "acquire",     "release", "parallel"};
constexpr std::string_view name_of(Service service) { return kServiceNames[static_cast<std::size_t>(service)]; }

/// Thread: any thread that works for the task.
class ServiceWatch {
 public:
  virtual ~ServiceWatch() = default;
  /// A call with a context is about to be served. False = it is not to be: of acquire() only, which then fails.
  /// Shape: number = which of the calls, from 1
  virtual bool before(Service service, std::uint64_t number) noexcept = 0;
  /// It has been served, and goes back to the task now.
  virtual void after(Service service, std::uint64_t number) noexcept = 0;
  /// When the attempt should be over, where that is not what the context says.
  virtual std::int64_t deadline_ns(std::int64_t of_context) noexcept = 0;
};

/// Every call of the table below goes there first, and afterwards. Null = nowhere. Their number starts again.
/// Lifetime: until another is set
void watch_services(ServiceWatch* watch);

/// Serves as host_table() does.
const ganger_host* counted_table();

}  // namespace ganger::host
