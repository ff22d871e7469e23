#include "host/job/job_warnings.h"

#include <gmock/gmock.h>

#include "host/job/read_job.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// "LINE first word of the message", of a job that has no errors.
std::vector<std::string> warnings(const std::string& text) {
  const JobReading reading = parse_job(text, "/jobs/a.toml");
  EXPECT_TRUE(reading.ok()) << describe(reading.errors.empty() ? Error{} : reading.errors.front());
  std::vector<std::string> all;
  for (const Error& w : warnings_of(reading.job))
    all.push_back(std::to_string(w.where.line) + " " + w.message.substr(0, w.message.find(' ', 10)));
  return all;
}

const std::string kTask = "[[task]]\nname = \"a\"\nuses = \"x.y\"\n";

TEST(JobWarnings, AParameterIsUsedWhereverAStringRefersToIt) {
  const std::string params = "[params]\nP = 1\n";

  EXPECT_THAT(warnings(params + kTask), ElementsAre("2 parameter 'P'"));
  for (const char* use : {"with = { a = \"${params.P}\" }\n", "with = { a = [1, \"x ${params.P}\"] }\n",
                          "[task.sandbox]\nread = [\"${params.P}\"]\n"})
    EXPECT_THAT(warnings(params + kTask + use), IsEmpty()) << use;
  EXPECT_THAT(warnings(params + "[pools.p]\nkind = \"x.k\"\nwith = { a = \"${params.P}\" }\n" + kTask), IsEmpty());
  EXPECT_THAT(warnings(params + kTask + "with = { a = \"$${params.P}\" }\n"), ElementsAre("2 parameter 'P'"))
      << "a literal ${ refers to nothing";
}

TEST(JobWarnings, AHandlerOfFailuresNeedsSomethingThatCanFail) {
  const std::string handler = "[[task]]\nname = \"h\"\nuses = \"x.y\"\nwhen = \"failed\"\n";

  EXPECT_THAT(warnings(kTask + handler), ElementsAre("5 task 'h' never"));
  EXPECT_THAT(warnings(kTask + handler + "after = [\"a\"]\n"), IsEmpty());
  EXPECT_THAT(warnings(kTask + handler + "with = { t = \"${tasks.a.out}\" }\n"), IsEmpty());
  EXPECT_THAT(warnings("[[task]]\nname = \"h\"\nuses = \"x.y\"\nwhen = \"always\"\n"), IsEmpty())
      << "it runs in any case";
}

TEST(JobWarnings, AreSortedByPlaceAndAllFound) {
  EXPECT_THAT(warnings("[params]\nb = 1\na = 1\n" + kTask), ElementsAre("2 parameter 'b'", "3 parameter 'a'"));
}

}  // namespace
}  // namespace ganger::host
