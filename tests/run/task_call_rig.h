// Calls of tasks without loop and threads: what the tests of TaskCall share.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/call/services.h"
#include "host/run/task_call.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/recorded_events.h"
#include "tests/fakes/recorded_journal.h"
#include "tests/fakes/temporary_folder.h"

namespace ganger::host {

inline ganger_str str(std::string_view text) { return {text.data(), text.size()}; }
inline const ganger_host& host() { return *host_table(); }

/// What a task type does, as a lambda instead of a plugin.
using TaskCode = std::function<ganger_status(ganger_ctx*)>;

/// A parameter and what the job gives for it; `${tasks.A.B}` is filled in when the task starts.
struct Given {
  std::string name;
  std::uint32_t type = GANGER_STR;
  std::vector<std::string> texts;
  std::vector<std::string> choices = {};
};

/// A run without loop and threads: tasks are called when the test says so.
class CallRig {
 public:
  TaskIndex add(const std::string& name, TaskCode work, const std::vector<Given>& all_given = {},
                bool is_isolated = false) {
    TaskType& type = types_.emplace_back();
    type.id = "test." + name;
    type.user = &works_.emplace_back(std::move(work));
    type.run = [](const ganger_host*, ganger_ctx* ctx, void* user) { return (*static_cast<TaskCode*>(user))(ctx); };
    Binding binding;
    for (const Given& given : all_given) {
      Param& param = type.params.emplace_back();
      param.name = given.name;
      param.type = given.type;
      param.flags = given.texts.size() == 1 ? 0 : GANGER_PARAM_LIST;
      param.choices = given.choices;
      binding.push_back(bound(given));
    }
    states_.push_back(TaskState::waiting);
    return builder_.add(name, {.type = &type, .is_isolated = is_isolated}, {}, std::move(binding));
  }
  /// One for which places in pools are kept.
  TaskIndex add_keeping(const std::string& name, std::vector<PoolPlaces> places, TaskCode work,
                        bool is_isolated = false) {
    TaskType& type = types_.emplace_back();
    type.id = "test." + name;
    type.user = &works_.emplace_back(std::move(work));
    type.run = [](const ganger_host*, ganger_ctx* ctx, void* user) { return (*static_cast<TaskCode*>(user))(ctx); };
    states_.push_back(TaskState::waiting);
    return builder_.add(
        name, {.type = &type, .is_isolated = is_isolated, .places = builder_.add(std::move(places)).value()});
  }
  TaskIndex add_isolated(const std::string& name, TaskCode work) { return add(name, std::move(work), {}, true); }
  /// One that sets an output.
  TaskIndex add_source(const std::string& name, const std::string& output, const Value& value) {
    return add(name, [output, value](ganger_ctx* ctx) {
      const ganger_value v = value.borrowed();
      return host().output(ctx, output.c_str(), &v);
    });
  }
  void after(TaskIndex task, TaskIndex before) { builder_.add_edge(before, task); }

  /// One attempt, and what the loop would make of it.
  Finished call(TaskIndex task, std::uint32_t number = 1, std::int16_t worker = -1) {
    if (!body_) {
      plan_ = builder_.build();
      body_.emplace(TaskCallParts{.plan = plan_,
                                  .pools = pools,
                                  .outputs = outputs,
                                  .dir = dir,
                                  .events = events,
                                  .clock = clock,
                                  .journal = journal,
                                  .isolation = isolation,
                                  .state_of = [this](TaskIndex i) { return states_[i]; },
                                  .secrets = secrets,
                                  .secret_outputs = secret_outputs});
    }
    Finished f = body_->run({.task = task, .number = number, .worker = worker, .stop = stop.get()});
    states_[task] = f.status == GANGER_OK ? TaskState::done : TaskState::failed;
    return f;
  }
  void set_state(TaskIndex task, TaskState state) { states_[task] = state; }
  TaskCall& body() { return *body_; }

  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const Event& e : events.of(EventKind::task_log)) all.push_back(e.text);
    return all;
  }

  TemporaryFolder folder;
  Secrets secrets;
  std::set<OutputName> secret_outputs;
  FakeClock clock;
  RecordedEvents events;
  RecordedJournal journal;
  Isolation* isolation = nullptr;
  OutputStore outputs;
  RunDir dir{folder / "runs/1"};
  PoolSet pools{clock};
  std::shared_ptr<StopSource> stop = std::make_shared<StopSource>();

 private:
  static BoundParam bound(const Given& given) {
    BoundParam b;
    for (const std::string& text : given.texts) {
      b.deferred.emplace_back();
      b.values.emplace_back();
      if (may_have_references(text))
        b.deferred.back() = parse_template(text).value();
      else if (!parse_value(text, given.type, b.values.back()))
        throw std::invalid_argument(text);
    }
    return b;
  }

  std::deque<TaskType> types_;
  std::deque<TaskCode> works_;
  std::vector<TaskState> states_;
  PlanBuilder builder_;
  Plan plan_;
  std::optional<TaskCall> body_;
};

inline ganger_status does_nothing(ganger_ctx*) { return GANGER_OK; }
inline TaskCode logs(const std::string& line) {
  return [line](ganger_ctx* ctx) {
    host().log(ctx, GANGER_LOG_INFO, str(line));
    return GANGER_OK;
  };
}

}  // namespace ganger::host
