#include "host/run/task_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/plugin/services.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/recorded_events.h"
#include "tests/fakes/recorded_journal.h"
#include "tests/fakes/temporary_folder.h"

namespace ganger::host {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ganger_str str(std::string_view text) { return {text.data(), text.size()}; }
const ganger_host& host() { return *host_table(); }

/// What a task type does, as a lambda instead of a plugin.
using Work = std::function<ganger_status(ganger_ctx*)>;

/// A parameter and what the job gives for it; `${tasks.A.B}` is filled in when the task starts.
struct Given {
  std::string name;
  std::uint32_t type = GANGER_STR;
  std::vector<std::string> texts;
  std::vector<std::string> choices = {};
};

/// A run without loop and threads: tasks are called when the test says so.
class Rig {
 public:
  TaskIndex add(const std::string& name, Work work, const std::vector<Given>& all_given = {},
                bool is_isolated = false) {
    TaskType& type = types_.emplace_back();
    type.id = "test." + name;
    type.user = &works_.emplace_back(std::move(work));
    type.run = [](const ganger_host*, ganger_ctx* ctx, void* user) { return (*static_cast<Work*>(user))(ctx); };
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
  TaskIndex add_isolated(const std::string& name, Work work) { return add(name, std::move(work), {}, true); }
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
                                  .secrets = secrets});
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
  std::vector<std::string> secrets;  ///< of the job
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
  std::deque<Work> works_;
  std::vector<TaskState> states_;
  PlanBuilder builder_;
  Plan plan_;
  std::optional<TaskCall> body_;
};

/// All elements of a parameter, as a plugin reads them.
Values read(ganger_ctx* ctx, const char* name) {
  Values all;
  for (ganger_value v; host().param(ctx, name, all.size(), &v) == GANGER_OK;) all.push_back(Value::copy_of(v));
  return all;
}

ganger_status does_nothing(ganger_ctx*) { return GANGER_OK; }
Work logs(const std::string& line) {
  return [line](ganger_ctx* ctx) {
    host().log(ctx, GANGER_LOG_INFO, str(line));
    return GANGER_OK;
  };
}

// ---------------------------------------------------------------------------------------------- deferred parameters

/// The value that a parameter of a task has when an output of the task before it fills it.
class Filled {
 public:
  Filled(const Value& output, const Given& given) {
    const auto a = rig_.add_source("a", "out", output);
    const auto b = rig_.add("b",
                            [&](ganger_ctx* ctx) {
                              values = read(ctx, given.name.c_str());
                              has_run = true;
                              return GANGER_OK;
                            },
                            {given});
    rig_.after(b, a);
    rig_.call(a);
    finished = rig_.call(b);
  }

  Values values;
  Finished finished;
  bool has_run = false;

 private:
  Rig rig_;
};

TEST(TaskCallParameter, AReferenceAloneKeepsTheTypeOfTheOutput) {
  const Filled filled(Value::of_integer(42), {"n", GANGER_I64, {"${tasks.a.out}"}});

  ASSERT_EQ(filled.values.size(), 1u);
  EXPECT_EQ(filled.values[0].type, GANGER_I64);
  EXPECT_EQ(filled.values[0].i, 42);
}

TEST(TaskCallParameter, AnOutputIsConvertedToTheTypeOfTheParameter) {
  const Filled wait(Value::of_text("10s"), {"wait", GANGER_DURATION_NS, {"${tasks.a.out}"}});
  const Filled ratio(Value::of_integer(3), {"ratio", GANGER_F64, {"${tasks.a.out}"}});
  const Filled text(Value::of_integer(64 * 1024, GANGER_SIZE), {"text", GANGER_STR, {"${tasks.a.out}"}});

  EXPECT_EQ(wait.values.at(0).i, 10'000'000'000);
  EXPECT_EQ(ratio.values.at(0).f, 3.0);
  EXPECT_EQ(text.values.at(0).text, "64KiB");
}

TEST(TaskCallParameter, OutputsStandInTextAsAJobFileWouldWriteThem) {
  const Filled filled(Value::of_integer(10'000'000'000, GANGER_DURATION_NS),
                      {"text", GANGER_STR, {"it took ${tasks.a.out}, yes ${tasks.a.out}"}});

  EXPECT_EQ(filled.values.at(0).text, "it took 10s, yes 10s");
}

TEST(TaskCallParameter, OutputsFillElementsOfAList) {
  const Filled filled(Value::of_text("middle"), {"all", GANGER_STR, {"first", "${tasks.a.out}", "last"}});

  ASSERT_EQ(filled.values.size(), 3u);
  EXPECT_EQ(filled.values[0].text, "first");
  EXPECT_EQ(filled.values[1].text, "middle");
  EXPECT_EQ(filled.values[2].text, "last");
}

TEST(TaskCallParameter, AnOutputOfAnotherKindIsRefusedAndTheTaskNotRun) {
  const Filled filled(Value::of_text("soon"), {"wait", GANGER_DURATION_NS, {"${tasks.a.out}"}});

  EXPECT_EQ(filled.finished.status, GANGER_BAD_PARAM);
  EXPECT_EQ(filled.finished.why, "parameter 'wait': a duration such as \"10m\" is wanted, not \"soon\"");
  EXPECT_FALSE(filled.has_run);
}

TEST(TaskCallParameter, AnOutputThatIsNoneOfTheChoicesIsRefused) {
  const Filled filled(Value::of_text("sha255"), {"algorithm", GANGER_STR, {"${tasks.a.out}"}, {"sha256", "md5"}});

  EXPECT_EQ(filled.finished.status, GANGER_BAD_PARAM);
  EXPECT_THAT(filled.finished.why, HasSubstr("\"sha255\" is none of sha256, md5"));
  EXPECT_FALSE(filled.has_run);
}

TEST(TaskCallParameter, AnOutputThatIsNotThereIsAnsweredWithThoseThatAre) {
  const Filled filled(Value::of_text("x"), {"p", GANGER_STR, {"${tasks.a.other}"}});

  EXPECT_EQ(filled.finished.status, GANGER_BAD_PARAM);
  EXPECT_THAT(filled.finished.why, HasSubstr("task 'a' has set no output 'other'; it has set: out"));
}

TEST(TaskCallParameter, ATaskThatHasSetNothingIsSaidToHaveSetNothing) {
  Rig rig;
  const auto a = rig.add("a", does_nothing);
  const auto b = rig.add("b", does_nothing, {{"p", GANGER_STR, {"${tasks.a.out}"}}});
  rig.after(b, a);

  rig.call(a);
  const Finished f = rig.call(b);

  EXPECT_THAT(f.why, HasSubstr("it has set: nothing"));
}

TEST(TaskCallParameter, ATaskThatIsNotDoneHasNoOutputsAndTheMessageSaysWhy) {
  Rig rig;
  const auto a = rig.add_source("a", "out", Value::of_text("x"));
  const auto b = rig.add("b", does_nothing, {{"p", GANGER_STR, {"${tasks.a.out}"}}});
  rig.after(b, a);

  rig.call(a);
  rig.set_state(a, TaskState::timed_out);  // said OK, but late
  const Finished f = rig.call(b);

  EXPECT_EQ(f.status, GANGER_BAD_PARAM);
  EXPECT_THAT(f.why, HasSubstr("task 'a' is not done, so there is no 'out' of it"));
}

// ---------------------------------------------------------------------------------------------------------- secrets

TEST(TaskCallSecret, IsMaskedInLinesProgressAndErrors) {
  Rig rig;
  rig.secrets = {"hunter2"};
  const auto a = rig.add("a", [](ganger_ctx* ctx) {
    host().log(ctx, GANGER_LOG_INFO, str("logging in with hunter2"));
    host().progress(ctx, 1, 2, str("hunter2 tried"));
    return host().fail(ctx, GANGER_FAILED, str("hunter2 was refused"));
  });

  const Finished f = rig.call(a);

  EXPECT_THAT(rig.lines(), ElementsAre("logging in with ***"));
  EXPECT_EQ(rig.events.of(EventKind::task_progress).at(0).text, "*** tried");
  EXPECT_EQ(f.why, "*** was refused");
}

TEST(TaskCallSecret, IsMaskedInTheTextOfAnException) {
  Rig rig;
  rig.secrets = {"hunter2"};
  const auto a = rig.add("a", [](ganger_ctx*) -> ganger_status { throw std::runtime_error("no user hunter2"); });

  const Finished f = rig.call(a);

  EXPECT_THAT(f.why, AllOf(HasSubstr("no user ***"), Not(HasSubstr("hunter2"))));
}

TEST(TaskCallSecret, ThatATaskHasSetIsMaskedInThoseThatComeAfter) {
  Rig rig;
  const auto a = rig.add_source("a", "token", Value::of_text("t0ken", GANGER_SECRET));
  const auto b = rig.add("b", logs("got t0ken"));
  rig.after(b, a);

  rig.call(a);
  rig.call(b);

  EXPECT_THAT(rig.lines(), ElementsAre("got ***"));
}

TEST(TaskCallSecret, ThatIsKnownOnlyWhenTheTaskStartsIsMasked) {
  Rig rig;
  const auto a = rig.add_source("a", "out", Value::of_text("t0ken"));
  const auto b = rig.add("b", logs("got key-t0ken"), {{"key", GANGER_SECRET, {"key-${tasks.a.out}"}}});
  rig.after(b, a);

  rig.call(a);
  rig.call(b);

  EXPECT_THAT(rig.lines(), ElementsAre("got ***"));
}

TEST(TaskCallSecret, IsMaskedInWhatIsWrongWithAParameter) {
  Rig rig;
  const auto a = rig.add_source("a", "token", Value::of_text("t0ken", GANGER_SECRET));
  const auto b = rig.add("b", does_nothing, {{"n", GANGER_I64, {"1${tasks.a.token}"}}});
  rig.after(b, a);

  rig.call(a);
  const Finished f = rig.call(b);

  EXPECT_THAT(f.why, AllOf(HasSubstr("parameter 'n'"), Not(HasSubstr("t0ken"))));
}

TEST(Secrets, OneThatIsPartOfAnotherDoesNotLeaveTheRestBehind) {
  Secrets secrets({"abc"});
  secrets.add("abcdef");

  EXPECT_EQ(secrets.masked("abcdef and abc"), "*** and ***");
}

TEST(Secrets, AnEmptyOneMasksNothing) {
  const Secrets secrets({""});

  EXPECT_EQ(secrets.masked("as it is"), "as it is");
}

// --------------------------------------------------------------------------------------------- what run() comes to

TEST(TaskCall, AThrowingTaskDoesNotEndTheProcess) {
  Rig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) -> ganger_status {
    host().fail(ctx, GANGER_FAILED, str("what came before"));
    throw std::runtime_error("boom");
  });
  const auto b = rig.add("b", does_nothing);

  const Finished thrown = rig.call(a);
  const Finished next = rig.call(b);

  EXPECT_EQ(thrown.status, GANGER_BUG);
  EXPECT_EQ(thrown.why, "threw an exception out of the plugin, which no plugin may: boom");
  EXPECT_EQ(next.status, GANGER_OK);
  EXPECT_THAT(next.why, IsEmpty());
}

TEST(TaskCall, AnExceptionOfAnOddTypeIsAFailedAttemptToo) {
  Rig rig;
  const auto a = rig.add("a", [](ganger_ctx*) -> ganger_status { throw 7; });

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_BUG);
  EXPECT_EQ(f.why, "threw an exception out of the plugin, which no plugin may");
}

TEST(TaskCall, AStatusThatIsNoneIsABugOfThePlugin) {
  Rig rig;
  const auto a = rig.add("a", [](ganger_ctx*) { return ganger_status{4711}; });
  const auto b = rig.add("b", [](ganger_ctx*) { return ganger_status{-1}; });

  const Finished high = rig.call(a);
  const Finished low = rig.call(b);

  EXPECT_EQ(high.status, GANGER_BUG);
  EXPECT_EQ(high.why, "returned status 4711, which is none");
  EXPECT_EQ(low.status, GANGER_BUG);
  EXPECT_EQ(low.why, "returned status -1, which is none");
}

TEST(TaskCall, AStatusOfANewerMinorIsAFailureWithTheReasonThatThePluginGave) {
  Rig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) { return host().fail(ctx, GANGER_BUG + 1, str("out of quota")); });

  const Finished f = rig.call(a);

  EXPECT_NE(f.status, GANGER_OK);
  EXPECT_EQ(f.why, "out of quota");
}

TEST(TaskCall, WhatATaskSaysOfAFailureIsForgottenWhenItEndsWell) {
  Rig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) {
    host().fail(ctx, GANGER_RETRY, str("not yet"));
    return GANGER_OK;
  });

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_OK);
  EXPECT_THAT(f.why, IsEmpty());
}

// ---------------------------------------------------------------------------------------------------------- outputs

/// Has the task read output "out" of task `from`, and keeps the status.
Work reads(const std::string& from, ganger_status& status) {
  return [from, &status](ganger_ctx* ctx) {
    ganger_value v;
    status = host().input(ctx, from.c_str(), "out", &v);
    return GANGER_OK;
  };
}

TEST(TaskCallOutput, IsSeenByTasksThatComeAfterHoweverFar) {
  Rig rig;
  ganger_status status = GANGER_BUG;
  const auto a = rig.add_source("a", "out", Value::of_text("x"));
  const auto b = rig.add("b", does_nothing);
  const auto c = rig.add("c", reads("a", status));
  rig.after(b, a);
  rig.after(c, b);

  for (const auto task : {a, b, c}) rig.call(task);

  EXPECT_EQ(status, GANGER_OK);
}

TEST(TaskCallOutput, IsNotSeenByATaskThatDoesNotComeAfter) {
  Rig rig;
  ganger_status beside = GANGER_OK, before = GANGER_OK, unknown = GANGER_OK;
  const auto a = rig.add_source("a", "out", Value::of_text("x"));
  const auto b = rig.add("b", reads("a", beside));
  const auto c = rig.add("c", reads("d", before));
  const auto d = rig.add_source("d", "out", Value::of_text("x"));
  const auto e = rig.add("e", reads("nobody", unknown));
  rig.after(d, c);

  for (const auto task : {a, d, b, c, e}) rig.call(task);

  EXPECT_EQ(beside, GANGER_NO_RESOURCE);
  EXPECT_EQ(before, GANGER_NO_RESOURCE);
  EXPECT_EQ(unknown, GANGER_NO_RESOURCE);
}

TEST(TaskCallOutput, OfATaskThatIsNotDoneIsNotSeen) {
  Rig rig;
  ganger_status status = GANGER_OK;
  const auto a = rig.add_source("a", "out", Value::of_text("x"));
  const auto b = rig.add("b", reads("a", status));
  rig.after(b, a);

  rig.call(a);
  rig.set_state(a, TaskState::timed_out);
  rig.call(b);

  EXPECT_EQ(status, GANGER_NO_RESOURCE);
}

TEST(TaskCallOutput, OfAFailedAttemptIsDropped) {
  Rig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) {
    const ganger_value v = Value::of_integer(1).borrowed();
    host().output(ctx, "out", &v);
    return GANGER_FAILED;
  });

  rig.call(a);

  EXPECT_THAT(rig.outputs.of(a), IsEmpty());
}

TEST(TaskCallOutput, OfALateAttemptDoesNotOutliveAnAttemptThatSetsNothing) {
  Rig rig;
  int calls = 0;
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    const ganger_value v = Value::of_integer(1).borrowed();
    if (++calls == 1) host().output(ctx, "out", &v);
    return GANGER_OK;
  });

  rig.call(a, 1);
  rig.call(a, 2);

  EXPECT_THAT(rig.outputs.of(a), IsEmpty());
}

TEST(TaskCallGivenUp, SetsNoOutputsLogsNothingAndShowsNoProgress) {
  Rig rig;
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    rig.stop->abandon();
    const ganger_value v = Value::of_integer(1).borrowed();
    host().output(ctx, "out", &v);
    host().log(ctx, GANGER_LOG_ERROR, str("still there"));
    host().progress(ctx, 1, 1, str("done"));
    return GANGER_OK;
  });

  rig.call(a);

  EXPECT_THAT(rig.outputs.of(a), IsEmpty());
  EXPECT_THAT(rig.lines(), IsEmpty());
  EXPECT_THAT(rig.events.of(EventKind::task_progress), IsEmpty());
}

// ----------------------------------------------------------------------------------------------------------- events

TEST(TaskCallEvent, TaskStartedSaysWhichAttemptAndWhere) {
  Rig rig;
  rig.add("a", does_nothing);
  const auto b = rig.add("b", does_nothing);

  rig.call(b, 3, 1);

  ASSERT_EQ(rig.events.all.size(), 1u);
  EXPECT_EQ(rig.events.all[0].kind, EventKind::task_started);
  EXPECT_EQ(rig.events.all[0].task, b);
  EXPECT_EQ(rig.events.all[0].attempt, 3u);
  EXPECT_EQ(rig.events.all[0].worker, 1);
}

TEST(TaskCallEvent, ALevelThatIsNoneBecomesTheNearest) {
  Rig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) {
    host().log(ctx, 99, str("high"));
    host().log(ctx, -99, str("low"));
    return GANGER_OK;
  });

  rig.call(a);

  const auto lines = rig.events.of(EventKind::task_log);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].level, GANGER_LOG_ERROR);
  EXPECT_EQ(lines[1].level, GANGER_LOG_TRACE);
}

TEST(TaskCallEvent, ProgressComesTenTimesASecondAtMostAndAlwaysAtTheEnd) {
  Rig rig;
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    for (std::uint64_t i = 1; i <= 100; ++i) {
      host().progress(ctx, i, 100, str("step"));
      rig.clock.advance(milliseconds(2));
    }
    return GANGER_OK;
  });

  rig.call(a);

  std::vector<std::uint64_t> seen;
  for (const Event& e : rig.events.of(EventKind::task_progress)) seen.push_back(e.done);
  EXPECT_THAT(seen, ElementsAre(1u, 51u, 100u));
}

// ----------------------------------------------------------------------------------------------------------- leases

/// A pool "n" of one number.
class PoolRig : public Rig {
 public:
  PoolRig() {
    kind_.id = "test.number";
    kind_.interface = "test.number/1";
    kind_.api = &api_;
    kind_.user = &number_;
    kind_.open = [](const ganger_host*, ganger_ctx*, void* user, void** handle) -> ganger_status {
      *handle = user;
      return GANGER_OK;
    };
    kind_.close = [](void*, void*) {};
    EXPECT_TRUE(pools.add(kind_, {.name = "n", .limit = 1}, {}));
  }
  static ganger_status acquire(ganger_ctx* ctx, ganger_lease& lease) {
    return host().acquire(ctx, "test.number/1", "n", 0, &lease);
  }
  PoolStatistics statistics() { return pools.all()[0]->pool->statistics(); }

 private:
  PoolKind kind_;
  std::uint32_t api_ = sizeof(api_);
  int number_ = 0;
};

TEST(TaskCallLease, AcquiredAndReleasedAreEventsOfTheAttempt) {
  PoolRig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) {
    ganger_lease lease{};
    const ganger_status status = PoolRig::acquire(ctx, lease);
    host().release(ctx, &lease, GANGER_LEASE_CLEAN);
    return status;
  });

  rig.call(a, 2, 0);

  const auto acquired = rig.events.of(EventKind::lease_acquired), released = rig.events.of(EventKind::lease_released);
  ASSERT_EQ(acquired.size(), 1u);
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(acquired[0].pool, "n");
  EXPECT_EQ(acquired[0].task, a);
  EXPECT_EQ(acquired[0].attempt, 2u);
  EXPECT_EQ(acquired[0].worker, 0);
  EXPECT_EQ(acquired[0].wait, Duration(0));
  EXPECT_EQ(released[0].lease, acquired[0].lease);
}

TEST(TaskCallLease, OneThatIsStillOutWhenTheTaskThrowsComesBackAndIsReported) {
  PoolRig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) -> ganger_status {
    ganger_lease lease{};
    PoolRig::acquire(ctx, lease);
    throw std::runtime_error("boom");
  });

  rig.call(a);

  EXPECT_EQ(rig.statistics().lent_now, 0u);
  EXPECT_EQ(rig.events.of(EventKind::lease_leaked).size(), 1u);
  EXPECT_THAT(rig.lines(), testing::Contains(HasSubstr("lease of pool 'n' still out")));
}

TEST(TaskCallLease, OfATaskThatIsGivenUpIsLostBecauseItsThreadMayStillUseIt) {
  PoolRig rig;
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    ganger_lease lease{};
    PoolRig::acquire(ctx, lease);
    rig.body().given_up(0);
    return GANGER_OK;
  });

  rig.call(a);

  EXPECT_EQ(rig.statistics().lost_now, 1u);
  EXPECT_EQ(rig.statistics().idle_now, 0u);
}

TEST(TaskCallLease, OfAnEarlierAttemptIsNobodysWhenTheNextOneIsGivenUp) {
  PoolRig rig;
  int calls = 0;
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    ganger_lease lease{};
    if (++calls == 1) PoolRig::acquire(ctx, lease);
    if (calls == 1) host().release(ctx, &lease, GANGER_LEASE_CLEAN);
    if (calls == 2) rig.body().given_up(0);
    return GANGER_OK;
  });

  rig.call(a, 1);
  rig.call(a, 2);

  EXPECT_EQ(rig.statistics().lost_now, 0u);
  EXPECT_EQ(rig.statistics().idle_now, 1u);
}

// ------------------------------------------------------------------------------------------------------- work folder

TEST(TaskCallWorkDir, IsTheTasksOwnAndMadeWhenItAsks) {
  Rig rig;
  std::string asked;
  const auto a = rig.add("a", does_nothing);
  const auto b = rig.add("b", [&](ganger_ctx* ctx) {
    asked = host().work_dir(ctx).p;
    return GANGER_OK;
  });

  rig.call(a);
  const bool is_made_before = std::filesystem::exists(rig.dir.path());
  rig.call(b);

  EXPECT_FALSE(is_made_before);
  EXPECT_EQ(asked, rig.folder / "runs/1/work/b");
  EXPECT_TRUE(std::filesystem::is_directory(asked));
}

TEST(TaskCallWorkDir, IsEmptyAndTheReasonInTheLogWhenItCannotBeMade) {
  Rig rig;
  rig.folder.file("runs");  // where the folder of runs would be
  std::uint64_t length = 1;
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    length = host().work_dir(ctx).n;
    return GANGER_OK;
  });

  rig.call(a);

  EXPECT_EQ(length, 0u);
  EXPECT_THAT(rig.lines(), ElementsAre(HasSubstr("cannot create the folder of the run")));
  EXPECT_EQ(rig.events.of(EventKind::task_log).at(0).level, GANGER_LOG_ERROR);
}

// ------------------------------------------------------------------------------------------ journal and child
// process

TEST(TaskCall, TheJournalKnowsOfTheStartBeforeThePluginIsCalled) {
  Rig rig;
  std::vector<std::string> at_call;
  const auto a = rig.add("a", [&](ganger_ctx*) {
    at_call = rig.journal.lines;
    return GANGER_OK;
  });

  rig.call(a);

  EXPECT_THAT(at_call, ElementsAre("0 started"));
}

TEST(TaskCall, OutputsAreRecordedBeforeTheyAreSeen) {
  Rig rig;
  const auto a = rig.add_source("a", "n", Value::of_integer(1));

  rig.call(a);

  EXPECT_THAT(rig.journal.lines, ElementsAre("0 started", "0 sets n"));
  EXPECT_TRUE(rig.outputs.find(a, "n"));
}

TEST(TaskCall, ATaskWhoseOutputsCannotBeRecordedHasFailed) {
  Rig rig;
  rig.journal.is_broken = true;
  const auto a = rig.add_source("a", "n", Value::of_integer(1));

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_FAILED);
  EXPECT_EQ(f.why, "its outputs could not be recorded: no space left on device");
  EXPECT_FALSE(rig.outputs.find(a, "n"));
}

/// A child process that is none.
class FakeIsolation final : public Isolation {
 public:
  IsolatedEnd run(const IsolatedCall& call) override {
    call.scope.log(GANGER_LOG_INFO, "from the child");
    tasks.emplace_back(call.task);
    return end;
  }
  void kill(TaskIndex task) override { killed.push_back(task); }

  IsolatedEnd end;
  std::vector<std::string> tasks;
  std::vector<TaskIndex> killed;
};

TEST(TaskCall, AnIsolatedTaskIsCalledInAChildAndItsOutputsAreOurs) {
  FakeIsolation isolation;
  isolation.end.outputs.emplace("n", Value::of_integer(7));
  Rig rig;
  rig.isolation = &isolation;
  bool ran_here = false;
  const auto a = rig.add_isolated("a", [&](ganger_ctx*) { return ran_here = true, GANGER_OK; });

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_OK);
  EXPECT_THAT(isolation.tasks, ElementsAre("a"));
  EXPECT_FALSE(ran_here);
  EXPECT_THAT(rig.lines(), ElementsAre("from the child"));
  EXPECT_EQ(rig.outputs.find(a, "n")->i, 7);
}

TEST(TaskCall, ACrashOfTheChildIsTheEndOfTheAttempt) {
  FakeIsolation isolation;
  isolation.end = {.status = GANGER_FAILED, .why = "SIGSEGV in plugin 'x'", .has_crashed = true};
  Rig rig;
  rig.isolation = &isolation;
  const auto a = rig.add_isolated("a", does_nothing);

  const Finished f = rig.call(a);

  EXPECT_TRUE(f.has_crashed);
  EXPECT_EQ(f.why, "SIGSEGV in plugin 'x'");
}

TEST(TaskCall, AnIsolatedTaskThatIsGivenUpIsKilled) {
  FakeIsolation isolation;
  Rig rig;
  rig.isolation = &isolation;
  const auto a = rig.add_isolated("a", does_nothing);
  rig.call(a);

  rig.body().given_up(a);

  EXPECT_THAT(isolation.killed, ElementsAre(a));
}

}  // namespace
}  // namespace ganger::host
