// Secrets are masked in all that a task lets out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/run/task_call_rig.h"

namespace ganger::host {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(TaskCallSecret, IsMaskedInLinesProgressAndErrors) {
  CallRig rig;
  rig.secrets.add("hunter2");
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
  CallRig rig;
  rig.secrets.add("hunter2");
  const auto a = rig.add("a", [](ganger_ctx*) -> ganger_status { throw std::runtime_error("no user hunter2"); });

  const Finished f = rig.call(a);

  EXPECT_THAT(f.why, AllOf(HasSubstr("no user ***"), Not(HasSubstr("hunter2"))));
}

TEST(TaskCallSecret, ThatATaskHasSetIsMaskedInThoseThatComeAfter) {
  CallRig rig;
  const auto a = rig.add_source("a", "token", Value::of_text("t0ken", GANGER_SECRET));
  const auto b = rig.add("b", logs("got t0ken"));
  rig.after(b, a);

  rig.call(a);
  rig.call(b);

  EXPECT_THAT(rig.lines(), ElementsAre("got ***"));
}

TEST(TaskCallSecret, ThatIsKnownOnlyWhenTheTaskStartsIsMasked) {
  CallRig rig;
  const auto a = rig.add_source("a", "out", Value::of_text("t0ken"));
  const auto b = rig.add("b", logs("got key-t0ken"), {{"key", GANGER_SECRET, {"key-${tasks.a.out}"}}});
  rig.after(b, a);

  rig.call(a);
  rig.call(b);

  EXPECT_THAT(rig.lines(), ElementsAre("got ***"));
}

TEST(TaskCallSecret, IsMaskedInWhatIsWrongWithAParameter) {
  CallRig rig;
  const auto a = rig.add_source("a", "token", Value::of_text("t0ken", GANGER_SECRET));
  const auto b = rig.add("b", does_nothing, {{"n", GANGER_I64, {"1${tasks.a.token}"}}});
  rig.after(b, a);

  rig.call(a);
  const Finished f = rig.call(b);

  EXPECT_THAT(f.why, AllOf(HasSubstr("parameter 'n'"), Not(HasSubstr("t0ken"))));
}

/// The lines that a task says about an output once it has set it.
std::vector<std::string> lines_after(CallRig& rig, std::string_view output, const Value& value) {
  const auto a = rig.add("a", [&](ganger_ctx* ctx) {
    const ganger_value v = value.borrowed();
    host().output(ctx, std::string(output).c_str(), &v);
    host().log(ctx, GANGER_LOG_INFO, str("made " + value.text));
    return GANGER_OK;
  });
  rig.call(a);
  return rig.lines();
}

TEST(TaskCallSecret, AnOutputIsMaskedInItsOwnTaskFromTheMomentItIsSet) {
  CallRig rig;

  EXPECT_THAT(lines_after(rig, "token", Value::of_text("t0ken", GANGER_SECRET)), ElementsAre("made ***"));
}

TEST(TaskCallSecret, AnOutputOfAnyTypeIsOneWhereASecretParameterIsMadeOfIt) {
  CallRig rig;
  rig.secret_outputs = {{"a", "token"}};

  EXPECT_THAT(lines_after(rig, "token", Value::of_text("t0ken")), ElementsAre("made ***"));
  EXPECT_EQ(rig.journal.kept.at(0).at("token").type, std::uint32_t{GANGER_SECRET});
  EXPECT_EQ(rig.journal.kept.at(0).at("token").text, "");
  EXPECT_EQ(rig.outputs.find(0, "token")->text, "t0ken") << "those that come after get it as it is";
}

TEST(TaskCallSecret, InAnOutputIsSealedInTheRecordAndIsThereForThoseThatComeAfter) {
  CallRig rig;
  rig.secrets.add("hunter2");
  const auto a = rig.add_source("a", "said", Value::of_text("it was hunter2"));

  rig.call(a);

  const std::string recorded = rig.journal.kept.at(0).at("said").text;
  EXPECT_THAT(recorded, Not(HasSubstr("hunter2")));
  EXPECT_EQ(rig.secrets.opened(recorded), "it was hunter2");
  EXPECT_EQ(rig.outputs.find(0, "said")->text, "it was hunter2");
}

}  // namespace
}  // namespace ganger::host
