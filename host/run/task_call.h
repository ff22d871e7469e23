// From an attempt to the call of the plugin's function, and back to how it ended.
#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/call/context.h"
#include "host/call/pool_set.h"
#include "host/plan/bind.h"
#include "host/plan/plan.h"
#include "host/run/event.h"
#include "host/run/executor.h"
#include "host/run/isolation.h"
#include "host/run/journal.h"
#include "host/run/outputs.h"
#include "host/run/run_dir.h"
#include "host/secrets.h"

namespace ganger::host {

/// What the calls of a run are connected to. All outlive it.
struct TaskCallParts {
  const Plan& plan;
  PoolSet& pools;
  OutputStore& outputs;
  RunDir& dir;
  EventSink& events;
  Clock& clock;
  RunJournal& journal;
  Isolation* isolation = nullptr;                  ///< null where no task of the plan is isolated
  WorkerLender* lender = nullptr;                  ///< set before the first call
  std::function<TaskState(TaskIndex)> state_of{};  ///< of another task, as the loop knows it
  /// The calling thread goes into a plugin; null = it is out again. For those who tell of crashes.
  void (*note_task)(const char* task, const char* plugin) = nullptr;
  Secrets& secrets;  ///< learns those that are known only when a task starts or sets them
  /// Outputs that are secret whatever their type, as a secret parameter of another task is made of them.
  const std::set<OutputName>& secret_outputs;
};

/// The body of every task: gives the plugin its parameters and services, keeps exceptions and leaks from getting out.
/// Thread: run() from any thread, one attempt a thread.
class TaskCall final : public TaskBody {
 public:
  explicit TaskCall(TaskCallParts parts) : parts_(std::move(parts)) {}

  Finished run(const Attempt& attempt) override;
  void given_up(TaskIndex task) override;
  void set_lender(WorkerLender* lender) { parts_.lender = lender; }

 private:
  friend class TaskScope;
  // One attempt on its way through.
  struct Call {
    const Attempt& attempt;
    PluginCall& ctx;
    Finished& finished;
    std::vector<const Values*> values{};  // one for each parameter
    OwnerId owner = 0;                    // of places that it has from the start; 0 = none
    Outputs set{};
  };
  void run_type(const Attempt& attempt, PluginCall& ctx, Finished& finished);
  void make(Call& call);
  bool keep_places(Call& call);
  std::string fit_to_show(std::string_view text) const;
  void set_borrower(TaskIndex task, OwnerId owner);
  void erase_borrower(TaskIndex task, OwnerId owner);
  void make_here(Call& call);
  void make_in_child(Call& call);
  void keep_outputs(const Attempt& attempt, Outputs set, Finished& finished);
  bool learn_secret(TaskIndex task, std::string_view name, const Value& value);
  Result<void> record_outputs(TaskIndex task, const Outputs& set);
  bool resolve(const Attempt& attempt, std::vector<const Values*>& values, std::vector<Values>& deferred,
               Finished& finished);
  bool fill_in(const Template& text, std::uint32_t type, Value& out, std::string& why) const;
  std::optional<TaskIndex> find(std::string_view name) const;
  bool is_done(TaskIndex task) const;
  bool comes_after(TaskIndex task, TaskIndex before) const;

  TaskCallParts parts_;
  // Made when the first task asks for another one by its name; in most runs none does.
  mutable std::once_flag is_indexed_;
  mutable std::unordered_map<std::string_view, TaskIndex> by_name_;
  std::mutex mutex_;
  std::unordered_map<TaskIndex, OwnerId> borrowers_;  // guarded by mutex_; of calls that may have something on loan
};

}  // namespace ganger::host
