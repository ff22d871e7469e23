#include "host/run/task_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "host/text.h"
#include "tests/run/task_call_rig.h"

namespace ganger::host {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// --------------------------------------------------------------------------------------------- what run() comes to

TEST(TaskCall, AThrowingTaskDoesNotEndTheProcess) {
  CallRig rig;
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
  CallRig rig;
  const auto a = rig.add("a", [](ganger_ctx*) -> ganger_status { throw 7; });

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_BUG);
  EXPECT_EQ(f.why, "threw an exception out of the plugin, which no plugin may");
}

TEST(TaskCall, AnExceptionThatSaysNothingIsAFailedAttemptToo) {
  struct Silent : std::exception {
    const char* what() const noexcept override { return nullptr; }
  };
  CallRig rig;
  const auto a = rig.add("a", [](ganger_ctx*) -> ganger_status { throw Silent(); });

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_BUG);
  EXPECT_THAT(f.why, HasSubstr("an exception that says nothing"));
}

TEST(TaskCall, TextsThatAreTooLongEndWithAMark) {
  CallRig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) {
    const std::string longest(200 * 1024, 'x');
    host().log(ctx, GANGER_LOG_INFO, str(longest));
    host().progress(ctx, 1, 1, str(longest));
    return host().fail(ctx, GANGER_FAILED, str(longest));
  });

  const Finished f = rig.call(a);

  std::vector<std::string> texts = rig.lines();
  for (const Event& e : rig.events.of(EventKind::task_progress)) texts.push_back(e.text);
  texts.push_back(f.why);
  ASSERT_EQ(texts.size(), 3u);
  for (const std::string& text : texts) {
    EXPECT_EQ(text.size(), kMostTextBytes);
    EXPECT_TRUE(text.ends_with("x ... (cut after 64 KiB)"));
  }
}

TEST(TaskCall, ASecretIsMaskedBeforeATextIsCut) {
  CallRig rig;
  rig.secrets.add("hush-hush");
  // It begins in what is shown and ends after it.
  const auto a = rig.add("a", [](ganger_ctx* ctx) {
    const std::string text = std::string(kMostTextBytes - 28, 'x') + "hush-hush" + std::string(100, 'y');
    return host().fail(ctx, GANGER_FAILED, str(text));
  });

  const Finished f = rig.call(a);

  EXPECT_EQ(f.why.find("hush"), std::string::npos);
  EXPECT_TRUE(f.why.ends_with("x***yy ... (cut after 64 KiB)")) << f.why.substr(f.why.size() - 60);
}

TEST(TaskCall, AThreadThatATaskHasLeftSaysAndSetsNothingForTheNextOne) {
  CallRig rig;
  std::latch next_runs(1);
  std::thread left;
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    left = std::thread([&next_runs, ctx] {
      next_runs.wait();
      ganger_value value{};
      value.type = GANGER_I64;
      host().log(ctx, GANGER_LOG_INFO, str("too late"));
      host().output(ctx, "late", &value);
      host().fail(ctx, GANGER_FAILED, str("too late"));
    });
    return ganger_status{GANGER_OK};
  });
  const auto b = rig.add("b", [&](ganger_ctx*) {
    next_runs.count_down();
    left.join();
    return ganger_status{GANGER_RETRY};
  });

  rig.call(a);
  const Finished f = rig.call(b);

  EXPECT_THAT(f.why, IsEmpty());
  EXPECT_THAT(rig.lines(), IsEmpty());
  EXPECT_THAT(rig.outputs.of(b), IsEmpty());
}

TEST(TaskCall, AStatusThatIsNoneIsABugOfThePlugin) {
  CallRig rig;
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
  CallRig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) { return host().fail(ctx, GANGER_BUG + 1, str("out of quota")); });

  const Finished f = rig.call(a);

  EXPECT_NE(f.status, GANGER_OK);
  EXPECT_EQ(f.why, "out of quota");
}

TEST(TaskCall, WhatATaskSaysOfAFailureIsForgottenWhenItEndsWell) {
  CallRig rig;
  const auto a = rig.add("a", [](ganger_ctx* ctx) {
    host().fail(ctx, GANGER_RETRY, str("not yet"));
    return GANGER_OK;
  });

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_OK);
  EXPECT_THAT(f.why, IsEmpty());
}

TEST(TaskCallGivenUp, SetsNoOutputsLogsNothingAndShowsNoProgress) {
  CallRig rig;
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
  CallRig rig;
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
  CallRig rig;
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
  CallRig rig;
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

// ------------------------------------------------------------------------------------------------------- work folder

TEST(TaskCallWorkDir, IsTheTasksOwnAndMadeWhenItAsks) {
  CallRig rig;
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
  CallRig rig;
  rig.folder.file("runs");  // where the folder of runs would be
  std::uint64_t length = 1;
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    length = host().work_dir(ctx).n;
    return GANGER_OK;
  });

  rig.call(a);

  EXPECT_EQ(length, 0u);
  EXPECT_THAT(rig.lines(), ElementsAre(HasSubstr("cannot create folder ")));
  EXPECT_EQ(rig.events.of(EventKind::task_log).at(0).level, GANGER_LOG_ERROR);
}

}  // namespace
}  // namespace ganger::host
