// Parameters that outputs of earlier tasks fill when the task starts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/run/task_call_rig.h"

namespace ganger::host {
namespace {

using testing::HasSubstr;

/// All elements of a parameter, as a plugin reads them.
Values read(ganger_ctx* ctx, const char* name) {
  Values all;
  for (ganger_value v; host().param(ctx, name, all.size(), &v) == GANGER_OK;) all.push_back(Value::copy_of(v));
  return all;
}

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
  CallRig rig_;
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
  CallRig rig;
  const auto a = rig.add("a", does_nothing);
  const auto b = rig.add("b", does_nothing, {{"p", GANGER_STR, {"${tasks.a.out}"}}});
  rig.after(b, a);

  rig.call(a);
  const Finished f = rig.call(b);

  EXPECT_THAT(f.why, HasSubstr("it has set: nothing"));
}

TEST(TaskCallParameter, ATaskThatIsNotDoneHasNoOutputsAndTheMessageSaysWhy) {
  CallRig rig;
  const auto a = rig.add_source("a", "out", Value::of_text("x"));
  const auto b = rig.add("b", does_nothing, {{"p", GANGER_STR, {"${tasks.a.out}"}}});
  rig.after(b, a);

  rig.call(a);
  rig.set_state(a, TaskState::timed_out);  // said OK, but late
  const Finished f = rig.call(b);

  EXPECT_EQ(f.status, GANGER_BAD_PARAM);
  EXPECT_THAT(f.why, HasSubstr("task 'a' is not done, so there is no 'out' of it"));
}

}  // namespace
}  // namespace ganger::host
