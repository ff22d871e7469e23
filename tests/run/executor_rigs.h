// Every executor there is, each with tasks that a test can hold back: what the suite of their contract runs.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "host/run/executor.h"

namespace ganger::host::test {

/// The tasks that do not just end well.
inline constexpr TaskIndex kHangs = 100;  ///< until the executor goes, whoever asks it to stop
inline constexpr TaskIndex kFails = 101;  ///< with GANGER_FAILED
inline constexpr TaskIndex kTasks = 102;

/// An executor whose workers hold each attempt until the test lets it end.
class ExecutorRig {
 public:
  /// Lets whatever hangs end, and waits for the executor.
  virtual ~ExecutorRig() = default;

  virtual Executor& executor() = 0;
  virtual void report_to(Completion& completion) = 0;
  /// The thread that hangs in that task is about to be given up; as the loop says it to the body.
  virtual void given_up(TaskIndex /*task*/) {}

  /// The task that hangs has begun to.
  virtual bool hangs() { return true; }

  /// Waits until `is_so`, and lets no attempt end.
  virtual void wait(const std::function<bool()>& is_so) = 0;
  /// Lets attempts end until `is_so`.
  virtual void let_end(const std::function<bool()>& is_so) = 0;
};

struct ExecutorKind {
  std::string name;
  std::unique_ptr<ExecutorRig> (*make)(std::uint32_t workers);

  friend void PrintTo(const ExecutorKind& kind, std::ostream* out) { *out << kind.name; }
};

std::unique_ptr<ExecutorRig> make_work_pool(std::uint32_t workers);
std::unique_ptr<ExecutorRig> make_work_pool_of_children(std::uint32_t workers);
std::unique_ptr<ExecutorRig> make_rehearsal(std::uint32_t workers);
std::unique_ptr<ExecutorRig> make_fake_workers(std::uint32_t workers);

}  // namespace ganger::host::test
