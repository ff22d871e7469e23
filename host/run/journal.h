// The seam between a run and what remains of it when the process does not.
#pragma once
#include "host/call/context.h"
#include "host/error.h"
#include "host/plan/task_state.h"

namespace ganger::host {

/// Keeps where each task stands, so that a run can go on after a kill at any moment. What a member has returned from
/// survives the death of this process.
class RunJournal {
 public:
  virtual ~RunJournal() = default;
  /// An attempt begins: from now on nobody knows how much of it was done. Before the plugin is called. Thread: any.
  virtual void started(TaskIndex task) noexcept = 0;
  /// Another attempt will follow, and may be made whenever. Thread: any.
  virtual void waits_again(TaskIndex task) noexcept = 0;
  /// The task has its outcome, and said so itself. Before anything that depends on it starts. Cheap: called with the
  /// loop's lock held.
  virtual void ended(TaskIndex task, TaskState outcome) noexcept = 0;
  /// The same for a task that is in doubt: nobody knows how much of it was done, see Finished::is_in_doubt.
  virtual void ended_in_doubt(TaskIndex task, TaskState outcome) noexcept = 0;
  /// What a task has set; before ended(). May block. Thread: any.
  /// Errors: io, it could not be kept, so the task is not done
  virtual Result<void> keep_outputs(TaskIndex task, const Outputs& outputs) = 0;
};

/// --no-history
class NoJournal final : public RunJournal {
 public:
  void started(TaskIndex) noexcept override {}
  void waits_again(TaskIndex) noexcept override {}
  void ended(TaskIndex, TaskState) noexcept override {}
  void ended_in_doubt(TaskIndex, TaskState) noexcept override {}
  Result<void> keep_outputs(TaskIndex, const Outputs&) override { return {}; }
};

}  // namespace ganger::host
