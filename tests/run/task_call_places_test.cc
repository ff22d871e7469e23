// Places in pools that are kept for an attempt before its task is called.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/run/task_call_rig.h"

namespace ganger::host {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// Two pools of one number each, "a" and "b", which a task can need.
class PlacesRig : public CallRig {
 public:
  PlacesRig() {
    kind_.id = "test.number";
    kind_.interface = "test.number/1";
    kind_.api = &api_;
    kind_.user = &api_;
    kind_.open = [](const ganger_host*, ganger_ctx*, void* user, void** handle) -> ganger_status {
      *handle = user;
      return GANGER_OK;
    };
    kind_.close = [](void*, void*) {};
    for (const char* name : {"a", "b"})
      EXPECT_TRUE(pools.add(kind_, {.name = name, .limit = 1, .wait = std::chrono::seconds(1)}, {}));
  }
  Pool& pool(std::size_t i) { return *pools.all()[i]->pool; }
  std::uint32_t lent() { return pool(0).statistics().lent_now + pool(1).statistics().lent_now; }

  static inline const std::vector<PoolPlaces> kBoth{{.pool = 0, .places = 1}, {.pool = 1, .places = 1}};

 private:
  PoolKind kind_;
  std::uint32_t api_ = sizeof(api_);
};

/// A child process that is none, which looks at what its call has.
class LookingIsolation final : public Isolation {
 public:
  IsolatedEnd run(const IsolatedCall& call) override {
    owner = call.owner;
    for (const auto& p : call.pools.all()) lent += p->pool->statistics().lent_now;
    return {};
  }
  void kill(TaskIndex) override {}

  OwnerId owner = 0;
  std::uint32_t lent = 0;
};

TEST(TaskCallPlaces, TheyAreTakenBeforeTheCallAndGoBackAfterIt) {
  PlacesRig rig;
  std::uint32_t lent = 0;
  const auto a = rig.add_keeping("a", PlacesRig::kBoth, [&](ganger_ctx*) {
    lent = rig.lent();
    return GANGER_OK;
  });

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_OK) << f.why;
  EXPECT_EQ(lent, 2u);
  EXPECT_EQ(rig.lent(), 0u);
  EXPECT_EQ(rig.pool(0).statistics().leaked, 0u);
  EXPECT_THAT(rig.lines(), IsEmpty());
}

TEST(TaskCallPlaces, WithoutOneTheAttemptFailsAndTheTaskIsNotCalled) {
  PlacesRig rig;
  bool was_called = false;
  const auto a = rig.add_keeping("a", PlacesRig::kBoth, [&](ganger_ctx*) { return was_called = true, GANGER_OK; });
  rig.pool(1).keep(make_owner_id(), 1);

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_TIMEOUT);
  EXPECT_THAT(f.why, HasSubstr("pool 'b': all 1 are out, none came free in 1"));
  EXPECT_FALSE(was_called);
  EXPECT_EQ(rig.pool(0).statistics().lent_now, 0u);
}

TEST(TaskCallPlaces, AnAttemptThatIsToStopIsCancelled) {
  PlacesRig rig;
  const auto a = rig.add_keeping("a", PlacesRig::kBoth, does_nothing);
  rig.stop->request(GANGER_STOP_USER);

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_CANCELLED);
  EXPECT_EQ(rig.lent(), 0u);
}

TEST(TaskCallPlaces, ThoseOfAThreadThatIsGivenUpAreFreeUnlessItMayUseThem) {
  PlacesRig rig;
  std::uint32_t lost = 0, open = 0;
  TaskIndex a = 0;
  a = rig.add_keeping("a", PlacesRig::kBoth, [&](ganger_ctx* ctx) {
    ganger_lease lease{};
    host().acquire(ctx, "test.number/1", "a", 0, &lease);
    rig.body().given_up(a);
    lost = rig.pool(0).statistics().lost_now;
    open = rig.pool(1).statistics().open_now;
    return GANGER_OK;
  });

  rig.call(a);

  EXPECT_EQ(lost, 1u);
  EXPECT_EQ(open, 0u);
}

TEST(TaskCallPlaces, WhoIsGivenUpWhileItWaitsForSomeHasNoneKeptAnyMore) {
  for (const bool is_isolated : {false, true}) {
    PlacesRig rig;
    LookingIsolation isolation;
    rig.isolation = &isolation;
    const auto a = rig.add_keeping("a", PlacesRig::kBoth, does_nothing, is_isolated);
    rig.pool(1).keep(make_owner_id(), 1);
    std::uint32_t before = 0, after = 0;
    rig.clock.at(rig.clock.now() + std::chrono::milliseconds(500), [&] {
      before = rig.pool(0).statistics().lent_now;
      rig.body().given_up(a);
      after = rig.pool(0).statistics().lent_now;
    });

    const Finished f = rig.call(a);

    EXPECT_EQ(f.status, GANGER_CANCELLED);
    EXPECT_EQ(before, 1u);
    EXPECT_EQ(after, 0u);
  }
}

TEST(TaskCallPlaces, AnAttemptThatIsNotMadeLeavesTheNextOneNoStop) {
  PlacesRig rig;
  const auto a = rig.add_keeping("a", PlacesRig::kBoth, does_nothing);
  rig.pool(1).keep(make_owner_id(), 1);
  const int fd = rig.stop->fd();

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_TIMEOUT);
  EXPECT_EQ(fcntl(fd, F_GETFD), -1) << "its stop was not brought to an end";
}

TEST(TaskCallPlaces, AnIsolatedCallLeavesTheNextOneNoStop) {
  PlacesRig rig;
  LookingIsolation isolation;
  rig.isolation = &isolation;
  const auto a = rig.add_keeping("a", PlacesRig::kBoth, does_nothing, true);
  const int fd = rig.stop->fd();

  rig.call(a);

  EXPECT_EQ(fcntl(fd, F_GETFD), -1) << "its stop was not brought to an end";
}

TEST(TaskCallPlaces, AnIsolatedCallHasThemToo) {
  PlacesRig rig;
  LookingIsolation isolation;
  rig.isolation = &isolation;
  const auto a = rig.add_keeping("a", PlacesRig::kBoth, does_nothing, true);

  const Finished f = rig.call(a);

  EXPECT_EQ(f.status, GANGER_OK) << f.why;
  EXPECT_NE(isolation.owner, 0u);
  EXPECT_EQ(isolation.lent, 2u);
  EXPECT_EQ(rig.lent(), 0u);
}

}  // namespace
}  // namespace ganger::host
