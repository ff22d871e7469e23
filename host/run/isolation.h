// The seam between a task's call and the child process it is made in.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/call/context.h"
#include "host/plan/sandbox.h"
#include "host/run/executor.h"

namespace ganger::host {

/// A call to be made elsewhere. All of it outlives the call.
struct IsolatedCall {
  const Attempt& attempt;  ///< with its stop, deadline and number
  std::string_view task;   ///< its name
  const TaskType& type;
  const std::vector<const Values*>& values;        ///< of type.params
  const std::vector<std::string>& secret_outputs;  ///< their names; besides those of type secret
  const Sandbox& sandbox;
  CallScope& scope;   ///< answers what the task asks of its run
  PoolSet& pools;     ///< for places in pools; the child opens the resources itself
  OwnerId owner = 0;  ///< for whom places are kept there; 0 = for nobody
};

struct IsolatedEnd {
  ganger_status status = GANGER_OK;
  std::string why{};
  Outputs outputs{};
  bool has_crashed = false;  ///< a signal ended the child
  bool is_in_doubt = false;  ///< the task had begun, and did not say itself how it went
};

/// Makes calls in child processes. Thread: run() from any, one call a thread; kill() from any.
class Isolation {
 public:
  virtual ~Isolation() = default;
  /// Returns when the call has ended, one way or the other: what does not stop in time is killed.
  virtual IsolatedEnd run(const IsolatedCall& call) = 0;
  /// Kills the child of that task now. Called with the loop's lock held; does not block.
  virtual void kill(TaskIndex task) = 0;
};

}  // namespace ganger::host
