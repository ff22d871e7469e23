// What the needs of tasks come to in places of pools.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/call/services.h"
#include "host/plan/make_plan.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string pool(const std::string& name, int limit) {
  return "[pools." + name + "]\nkind = \"faulty.thing\"\nlimit = " + std::to_string(limit) + "\n";
}

/// A task that says it needs two things at once.
std::string needs(const std::string& first, const std::string& second) {
  return "[[task]]\nname = \"t-" + first + "-" + second +
         "\"\nuses = \"faulty.borrow-two-declared\"\nwith = { first = \"" + first + "\", second = \"" + second +
         "\" }\n";
}

Plan plan_of(const std::string& job) {
  static Registry registry(SearchPath({}, {std::filesystem::path(GANGER_BINARY_DIR) / "tests/faults/plugins"}, {}),
                           host_table(), {.trusts_all = true});
  const Facts facts{
      .overrides = {}, .run_id = "r", .run_dir = "/r", .current_dir = "/cwd", .env = [](const std::string&) {
        return static_cast<const char*>(nullptr);
      }};
  auto planned = make_plan(parse_job(job, "a.toml"), registry, facts, {.only = {}});
  EXPECT_TRUE(planned) << describe(planned.error().front());
  return planned ? std::move(planned->plan) : Plan();
}

TEST(MakePlanPlaces, TwoNeedsAreTwoPlacesInTheOrderOfThePools) {
  const Plan plan = plan_of(pool("p", 1) + pool("q", 2) + needs("p", "q") + needs("q", "p"));

  ASSERT_EQ(plan.size(), 2u);
  EXPECT_THAT(plan.places(0), ElementsAre(PoolPlaces{0, 1}, PoolPlaces{1, 1}));
  EXPECT_EQ(plan.task(0).places, plan.task(1).places) << "equal ones are one";
}

TEST(MakePlanPlaces, TwoOfOnePoolAreTwoPlacesThere) {
  const Plan plan = plan_of(pool("p", 3) + needs("p", "p"));

  ASSERT_EQ(plan.size(), 1u);
  EXPECT_THAT(plan.places(0), ElementsAre(PoolPlaces{0, 2}));
}

TEST(MakePlanPlaces, WhoCanHaveOnlyOnePlaceNeedsNoOrder) {
  const Plan plan = plan_of(pool("p", 1) + pool("free", 0) + needs("p", "free") + needs("p", "p"));

  ASSERT_EQ(plan.size(), 2u);
  EXPECT_THAT(plan.places(0), IsEmpty());
  EXPECT_THAT(plan.places(1), IsEmpty()) << "a second place there is none: it borrows one after the other";
}

}  // namespace
}  // namespace ganger::host
