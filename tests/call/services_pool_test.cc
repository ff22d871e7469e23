#include <gmock/gmock.h>

#include <stdexcept>

#include "tests/call/services_fakes.h"
#include "tests/pools/pool_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A pool kind as a plugin would write it: hands out the addresses of numbers.
struct NumberKind {
  explicit NumberKind(std::string offers = "test.number/1") {
    kind.id = "test.number";
    kind.interface = std::move(offers);
    kind.api = &api;
    kind.user = this;
    kind.open = [](const ganger_host* host, ganger_ctx* ctx, void* user, void** handle) {
      return static_cast<NumberKind*>(user)->opened(*host, ctx, handle);
    };
    kind.close = [](void* user, void*) { ++static_cast<NumberKind*>(user)->closed; };
  }
  ganger_status opened(const ganger_host& host, ganger_ctx* ctx, void** handle) {
    if (on_open) return on_open(host, ctx, handle);
    *handle = &numbers[count++];
    return GANGER_OK;
  }

  PoolKind kind;
  std::uint32_t api = sizeof(api);
  int numbers[8] = {};
  std::size_t count = 0;
  int closed = 0;
  std::function<ganger_status(const ganger_host&, ganger_ctx*, void**)> on_open;
};

struct BorrowRig : CallRig {
  BorrowRig() { pools = &set; }
  ~BorrowRig() { ctx.end(); }
  void add_pool(std::string name, NumberKind& kind, std::uint32_t limit = 0, std::vector<Values> with = {}) {
    ASSERT_TRUE(set.add(kind.kind, {.name = std::move(name), .size = 1, .limit = limit}, std::move(with)));
  }
  PoolStatistics statistics(std::size_t i = 0) { return set.all()[i]->pool->statistics(); }
  ganger_status acquire(ganger_lease& lease, const char* pool = nullptr, std::int64_t wait_ns = 0) {
    return host.acquire(held(), "test.number/1", pool, wait_ns, &lease);
  }

  ManualClock clock;
  PoolSet set{clock};
};

TEST(Borrowing, ALeaseHoldsTheHandleAndTheTableOfTheKind) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind);
  rig.begin();
  ganger_lease lease{};

  ASSERT_EQ(rig.acquire(lease), GANGER_OK);

  EXPECT_NE(lease.id, 0U);
  EXPECT_EQ(lease.handle, &kind.numbers[0]);
  EXPECT_EQ(lease.api, &kind.api);
  rig.host.release(rig.held(), &lease, GANGER_LEASE_CLEAN);
  EXPECT_EQ(lease.id, 0U);
  EXPECT_EQ(lease.handle, nullptr);
  EXPECT_EQ(rig.statistics().idle_now, 1U);
}

TEST(Borrowing, EqualLeaseIdsOfTwoPoolsAreNotMixedUp) {
  NumberKind first, second;
  BorrowRig rig;
  rig.add_pool("a", first);
  rig.add_pool("b", second);
  rig.begin();
  ganger_lease a{}, b{};
  ASSERT_EQ(rig.acquire(a, "a"), GANGER_OK);
  ASSERT_EQ(rig.acquire(b, "b"), GANGER_OK);
  EXPECT_NE(a.id, b.id);

  rig.host.release(rig.held(), &b, GANGER_LEASE_CLEAN);

  EXPECT_EQ(rig.statistics(0).lent_now, 1U);
  EXPECT_EQ(rig.statistics(1).lent_now, 0U);
  rig.host.release(rig.held(), &a, GANGER_LEASE_CLEAN);
  EXPECT_EQ(rig.statistics(0).misused + rig.statistics(1).misused, 0U);
  EXPECT_EQ(rig.statistics(0).lent_now, 0U);
}

TEST(Borrowing, WithoutANameTheOnlyPoolOfTheInterfaceIsMeant) {
  NumberKind number, other("test.other/1");
  BorrowRig rig;
  rig.add_pool("o", other);
  rig.add_pool("n", number);
  rig.begin();
  ganger_lease lease{};

  EXPECT_EQ(rig.acquire(lease, ""), GANGER_OK);

  EXPECT_EQ(lease.api, &number.api);
}

TEST(Borrowing, AWrongPoolIsRefusedWithTheReason) {
  NumberKind number, twin, other("test.other/1");
  BorrowRig rig;
  rig.add_pool("n", number);
  rig.add_pool("m", twin);
  rig.add_pool("o", other);
  rig.begin();
  ganger_lease lease{};

  EXPECT_EQ(rig.acquire(lease, "x"), GANGER_NO_RESOURCE);
  EXPECT_EQ(rig.ctx.take_why(), "no pool 'x' in this job");
  EXPECT_EQ(rig.acquire(lease, "o"), GANGER_NO_RESOURCE);
  EXPECT_EQ(rig.ctx.take_why(), "pool 'o' offers test.other/1, not test.number/1");
  EXPECT_EQ(rig.acquire(lease, nullptr), GANGER_NO_RESOURCE);
  EXPECT_EQ(rig.ctx.take_why(), "pools 'n' and 'm' both offer test.number/1: say which");
  EXPECT_EQ(rig.host.acquire(rig.held(), "test.none/1", nullptr, 0, &lease), GANGER_NO_RESOURCE);
  EXPECT_EQ(rig.ctx.take_why(), "no pool of this job offers test.none/1");
  EXPECT_EQ(lease.id, 0U) << "written only on GANGER_OK";
}

TEST(Borrowing, AResourceBorrowsNothing) {
  NumberKind outer;
  ganger_status inner = GANGER_OK;
  outer.on_open = [&](const ganger_host& host, ganger_ctx* ctx, void** handle) {
    ganger_lease lease{};
    inner = host.acquire(ctx, "test.number/1", nullptr, 0, &lease);
    *handle = &outer.numbers[0];
    return GANGER_OK;
  };
  BorrowRig rig;
  rig.add_pool("n", outer);
  rig.begin();
  ganger_lease lease{};

  EXPECT_EQ(rig.acquire(lease), GANGER_OK);

  EXPECT_EQ(inner, GANGER_UNSUPPORTED);
}

TEST(Borrowing, AtTheLimitATryIsOverAtOnce) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind, 1);
  rig.begin();
  ganger_lease held{}, wanted{};
  ASSERT_EQ(rig.acquire(held), GANGER_OK);

  EXPECT_EQ(rig.acquire(wanted), GANGER_TIMEOUT);

  EXPECT_THAT(rig.ctx.take_why(), HasSubstr("all 1 are out"));
  EXPECT_EQ(rig.statistics().waited, 0U);
}

TEST(Borrowing, AWaitEndsWithItsTimeAndCountsOnce) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind, 1);
  rig.begin();
  ganger_lease held{}, wanted{};
  ASSERT_EQ(rig.acquire(held), GANGER_OK);
  ganger_status status = GANGER_OK;

  std::thread waiting([&] { status = rig.acquire(wanted, "n", 1'000'000'000); });
  rig.clock.until_waiting(1);
  rig.clock.advance(std::chrono::seconds(1));
  waiting.join();

  EXPECT_EQ(status, GANGER_TIMEOUT);
  EXPECT_EQ(rig.statistics().waited, 1U);
  EXPECT_EQ(rig.statistics().timed_out, 1U);
}

TEST(Borrowing, AWaitNeverGoesPastTheDeadlineOfTheTask) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind, 1);
  rig.deadline = rig.clock.now() + std::chrono::seconds(3);
  rig.begin();
  ganger_lease held{}, wanted{};
  ASSERT_EQ(rig.acquire(held), GANGER_OK);
  ganger_status status = GANGER_OK;

  std::thread waiting([&] { status = rig.acquire(wanted, "n", -1); });  // 30 s, as the job says
  rig.clock.until_waiting(1);
  rig.clock.advance(std::chrono::seconds(3));
  waiting.join();

  EXPECT_EQ(status, GANGER_TIMEOUT);
}

TEST(Borrowing, AWaitThatIsServedIsNoTimeout) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind, 1);
  rig.begin();
  ganger_lease held{}, wanted{};
  ASSERT_EQ(rig.acquire(held), GANGER_OK);
  ganger_status status = GANGER_FAILED;

  std::thread waiting([&] { status = rig.acquire(wanted, "n", -1); });
  rig.clock.until_waiting(1);
  rig.host.release(rig.held(), &held, GANGER_LEASE_CLEAN);
  waiting.join();

  EXPECT_EQ(status, GANGER_OK);
  EXPECT_EQ(wanted.handle, &kind.numbers[0]);
  EXPECT_EQ(rig.statistics().timed_out, 0U);
}

TEST(Borrowing, AStopEndsAWait) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind, 1);
  rig.begin();
  ganger_lease held{}, wanted{};
  ASSERT_EQ(rig.acquire(held), GANGER_OK);
  ganger_status status = GANGER_OK;

  std::thread waiting([&] { status = rig.acquire(wanted, "n", -1); });
  rig.clock.until_waiting(1);
  rig.stop->request(GANGER_STOP_USER);
  waiting.join();

  EXPECT_EQ(status, GANGER_CANCELLED);
  EXPECT_EQ(rig.acquire(wanted, "n", 0), GANGER_CANCELLED);
}

TEST(Borrowing, TheNextCallMayBorrowThoughTheLastOneWasStopped) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind, 1);
  rig.begin();
  ganger_lease lease{};
  rig.stop->request(GANGER_STOP_USER);
  EXPECT_EQ(rig.acquire(lease, "n", -1), GANGER_CANCELLED);
  rig.ctx.end();

  rig.stop->begin_attempt();
  rig.begin();

  EXPECT_EQ(rig.acquire(lease, "n", -1), GANGER_OK);
}

TEST(Borrowing, AnAttemptThatWasGivenUpGetsNothing) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind);
  rig.begin();
  ganger_lease lease{};

  rig.stop->abandon();

  EXPECT_EQ(rig.acquire(lease), GANGER_CANCELLED);
}

TEST(Borrowing, ALeakedLeaseIsTakenBackAndCounted) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind, 1);
  rig.begin();
  ganger_lease lease{};
  ASSERT_EQ(rig.acquire(lease), GANGER_OK);

  EXPECT_EQ(rig.ctx.end(), 1U);

  EXPECT_EQ(rig.statistics().leaked, 1U);
  EXPECT_EQ(rig.statistics().lent_now, 0U);
  const auto lines = rig.scope.take();
  EXPECT_THAT(lines, testing::Contains("leaked n"));
}

TEST(Borrowing, ASecondReleaseChangesNothingAndIsCountedAndSaid) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind);
  rig.begin();
  ganger_lease lease{};
  ASSERT_EQ(rig.acquire(lease), GANGER_OK);
  ganger_lease copy = lease;
  rig.host.release(rig.held(), &lease, GANGER_LEASE_CLEAN);
  rig.scope.take();

  rig.host.release(rig.held(), &copy, GANGER_LEASE_CLEAN);
  rig.host.release(rig.held(), &lease, GANGER_LEASE_CLEAN);  // an empty one is no lease, and no fault

  EXPECT_EQ(copy.id, 0U);
  EXPECT_EQ(rig.statistics().misused, 1U);
  const auto lines = rig.scope.take();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("gave back a lease that is not out"));
}

TEST(Borrowing, AMadeUpLeaseOfACallThatBorrowedNothingIsCountedToo) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind);
  rig.begin();
  ganger_lease made_up{4711, nullptr, nullptr};

  rig.host.release(rig.held(), &made_up, GANGER_LEASE_CLEAN);

  EXPECT_EQ(rig.statistics().misused, 1U);
}

TEST(Borrowing, ABrokenLeaseAndOneOfUnknownStateAreClosed) {
  NumberKind kind;
  BorrowRig rig;
  rig.add_pool("n", kind);
  rig.begin();
  for (const std::uint32_t state : {std::uint32_t{GANGER_LEASE_BROKEN}, 99U}) {
    ganger_lease lease{};
    ASSERT_EQ(rig.acquire(lease), GANGER_OK);
    rig.host.release(rig.held(), &lease, state);
  }

  EXPECT_EQ(kind.closed, 2);
  EXPECT_EQ(rig.statistics().idle_now, 0U);
}

TEST(Borrowing, OpenReadsTheParametersOfThePool) {
  NumberKind kind;
  Param path;
  path.name = "path";
  path.type = GANGER_STR;
  kind.kind.params.push_back(path);
  std::string seen;
  kind.on_open = [&](const ganger_host& host, ganger_ctx* ctx, void** handle) {
    ganger_value v{};
    if (host.param(ctx, "path", 0, &v) == GANGER_OK) seen = text(v);
    *handle = &kind.numbers[0];
    return GANGER_OK;
  };
  BorrowRig rig;
  rig.add_pool("n", kind, 0, {{Value::of_text("x.db")}});
  rig.begin();
  ganger_lease lease{};

  EXPECT_EQ(rig.acquire(lease), GANGER_OK);

  EXPECT_EQ(seen, "x.db");
}

struct OpenCase {
  const char* name;
  std::function<ganger_status(const ganger_host&, ganger_ctx*, void**)> open;
  const char* why;
};

class FailingOpen : public testing::TestWithParam<OpenCase> {};

TEST_P(FailingOpen, IsNoResourceWithTheReason) {
  NumberKind kind;
  kind.on_open = GetParam().open;
  BorrowRig rig;
  rig.add_pool("n", kind, 1);
  rig.begin();
  ganger_lease lease{};

  EXPECT_EQ(rig.acquire(lease), GANGER_NO_RESOURCE);

  EXPECT_THAT(rig.ctx.take_why(), HasSubstr(GetParam().why));
  EXPECT_EQ(rig.statistics().open_failed, 1U);
  EXPECT_EQ(rig.statistics().open_now, 0U);
  EXPECT_EQ(lease.id, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, FailingOpen,
    testing::Values(OpenCase{"Says",
                             [](const ganger_host& host, ganger_ctx* ctx, void**) {
                               return host.fail(ctx, GANGER_FAILED, str("no such file"));
                             },
                             "no such file"},
                    OpenCase{"SaysNothing", [](const ganger_host&, ganger_ctx*, void**) { return GANGER_TIMEOUT; },
                             "status 4"},
                    OpenCase{"GivesNothing", [](const ganger_host&, ganger_ctx*, void**) { return GANGER_OK; },
                             "open() said OK but gave nothing"},
                    OpenCase{"Throws",
                             [](const ganger_host&, ganger_ctx*, void**) -> ganger_status {
                               throw std::runtime_error("out of sockets");
                             },
                             "out of sockets"}),
    [](const auto& way) { return way.param.name; });

TEST(Borrowing, OpenSeesTheStopOfItsBorrower) {
  NumberKind kind;
  std::latch opening(1);
  std::int32_t reason = GANGER_RUNNING;
  kind.on_open = [&](const ganger_host& host, ganger_ctx* ctx, void**) {
    std::latch stopped(1);
    const auto token = host.on_stop(
        ctx, [](void* l) { static_cast<std::latch*>(l)->count_down(); }, &stopped);
    opening.count_down();
    stopped.wait();
    host.off_stop(ctx, token);
    reason = host.stop_reason(ctx);
    return GANGER_CANCELLED;
  };
  BorrowRig rig;
  rig.add_pool("n", kind);
  rig.begin();
  ganger_lease lease{};
  ganger_status status = GANGER_OK;

  std::thread borrowing([&] { status = rig.acquire(lease); });
  opening.wait();
  rig.stop->request(GANGER_STOP_DEADLINE);
  borrowing.join();

  EXPECT_EQ(reason, GANGER_STOP_DEADLINE);
  EXPECT_EQ(status, GANGER_CANCELLED);
}

/// One thread joins the next parallel().
class OneHelper final : public WorkerLender {
 public:
  ~OneHelper() override {
    if (thread_.joinable()) thread_.join();
  }
  void seek_help(HelpSeeker& seeker) override {
    if (seeker.wants_help()) thread_ = std::thread([&seeker] { seeker.help(); });
  }
  void end_seeking(HelpSeeker&) override {}

 private:
  std::thread thread_;
};

TEST(Borrowing, AnOpenThatFailsAfterASiblingOfItsBorrowerHasFailedKeepsItsReason) {
  NumberKind kind;
  std::latch opening(1);
  kind.on_open = [&](const ganger_host& host, ganger_ctx* ctx, void**) {
    opening.count_down();
    while (host.stop_reason(ctx) != GANGER_STOP_UPSTREAM) std::this_thread::yield();
    return host.fail(ctx, GANGER_FAILED, str("no route to it"));
  };
  BorrowRig rig;
  OneHelper helper;
  rig.lender = &helper;
  rig.add_pool("n", kind);
  rig.begin();
  struct Parts {
    BorrowRig& rig;
    std::latch& opening;
    Acquired got{};
  } parts{rig, opening};

  rig.host.parallel(
      rig.held(), 2,
      [](void* user, std::uint64_t i) -> ganger_status {
        auto& [borrow, is_opening, got] = *static_cast<Parts*>(user);
        if (i == 0)
          got = borrow.set.all()[0]->pool->acquire(1, {}, &borrow.ctx);
        else
          is_opening.wait();
        return GANGER_FAILED;
      },
      &parts, 0);

  EXPECT_EQ(parts.got.error->message, "pool 'n' cannot be opened: no route to it");
  EXPECT_TRUE(parts.got.was_cut_short) << "what the pool is like nobody knows";
}

TEST(Borrowing, OpenHasTheDeadlineAndTheLogOfItsBorrower) {
  NumberKind kind;
  std::int64_t deadline = 0;
  kind.on_open = [&](const ganger_host& host, ganger_ctx* ctx, void** handle) {
    deadline = host.deadline_ns(ctx);
    host.log(ctx, GANGER_LOG_INFO, str("hello"));
    *handle = &kind.numbers[0];
    return GANGER_OK;
  };
  BorrowRig rig;
  rig.deadline = TimePoint(std::chrono::seconds(9000));
  rig.add_pool("n", kind);
  rig.begin();
  ganger_lease lease{};

  ASSERT_EQ(rig.acquire(lease), GANGER_OK);

  EXPECT_EQ(deadline, 9'000'000'000'000);
  EXPECT_THAT(rig.scope.take(), ElementsAre("1 Acquire: New resource", "2 hello", "acquired n"));
}

TEST(Borrowing, ThreadsOfOneTaskBorrowInItsNameFromTheFirstOneOn) {
  NumberKind kind;
  kind.on_open = [&](const ganger_host&, ganger_ctx*, void** handle) {
    *handle = &kind.numbers[0];
    return GANGER_OK;
  };
  BorrowRig rig;
  rig.add_pool("n", kind);
  rig.begin();
  std::latch together(2);
  const auto borrow = [&] {
    ganger_lease lease{};
    together.arrive_and_wait();
    EXPECT_EQ(rig.acquire(lease), GANGER_OK);
  };

  std::thread one(borrow), two(borrow);
  one.join();
  two.join();

  EXPECT_EQ(rig.ctx.end(), 2U) << "both leaks are of one owner";
}

TEST(Borrowing, ACallWithoutPoolsSaysSo) {
  CallRig rig;
  rig.begin();
  ganger_lease lease{};

  EXPECT_EQ(rig.host.acquire(rig.held(), "test.number/1", nullptr, 0, &lease), GANGER_UNSUPPORTED);

  EXPECT_EQ(rig.ctx.take_why(), "nothing can be borrowed here");
}

}  // namespace
}  // namespace ganger::host
