#include "host/work/handoff.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace ganger::host {
namespace {

using Given = Handoff::Given;
using std::chrono::steady_clock;

/// A piece of work that counts how often it is run.
struct Counted {
  std::atomic<int> runs{0};
  Work work() {
    return {[](void* self) noexcept { static_cast<Counted*>(self)->runs.fetch_add(1); }, this};
  }
};

/// Waits for what another thread is about to do.
template <class Condition>
void until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

/// A thread in give(), blocked by the time the constructor returns: there must be no idle worker.
class BlockedGiver {
 public:
  BlockedGiver(Handoff& handoff, Work work, TimePoint deadline = kNever, std::stop_token stop = {}) {
    const std::size_t before = handoff.waiting();
    thread_ = std::jthread([this, &handoff, work, deadline, stop] {
      given_ = handoff.give(work, deadline, stop);
      returned_ = true;
    });
    until([&] { return handoff.waiting() > before || returned_; });
  }
  bool has_returned() const { return returned_; }
  Given result() {
    thread_.join();
    return given_;
  }

 private:
  Given given_{};
  std::atomic<bool> returned_{false};
  std::jthread thread_;
};

/// A worker as the work pool has them.
class Worker {
 public:
  explicit Worker(Handoff& handoff)
      : thread_([&handoff] {
          Handoff::WorkerSlot slot;
          while (const auto work = handoff.accept(slot)) work->run(work->argument);
        }) {}

 private:
  std::jthread thread_;
};

TEST(Handoff, GiveReturnsOnlyOnceAWorkerHasTheWork) {
  Handoff handoff;
  Handoff::WorkerSlot slot;
  Counted counted;

  BlockedGiver giver(handoff, counted.work());
  const bool returned_before = giver.has_returned();
  const auto work = handoff.accept(slot);

  EXPECT_FALSE(returned_before);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->argument, &counted);
  EXPECT_EQ(giver.result(), Given::accepted);
  EXPECT_EQ(counted.runs, 0) << "accepting is not running";
}

TEST(Handoff, GiveDoesNotWaitWhereAWorkerIsIdle) {
  Handoff handoff;
  Handoff::WorkerSlot slot;
  Counted counted;
  handoff.arrive(slot);

  const Given given = handoff.give(counted.work());

  EXPECT_EQ(given, Given::accepted);
  EXPECT_EQ(handoff.await(slot)->argument, &counted);
}

TEST(Handoff, TryGiveIsRefusedWhereNoWorkerIsIdle) {
  Handoff handoff;
  Counted counted;

  EXPECT_FALSE(handoff.try_give(counted.work()));
  EXPECT_EQ(handoff.waiting(), 0U);
}

TEST(Handoff, TryGiveNeedsAnIdleWorkerForEachPieceOfWork) {
  Handoff handoff;
  Handoff::WorkerSlot slot;
  Counted first;
  Counted second;
  handoff.arrive(slot);
  ASSERT_EQ(handoff.idle(), 1U);

  const bool first_given = handoff.try_give(first.work());
  const bool second_given = handoff.try_give(second.work());

  EXPECT_TRUE(first_given);
  EXPECT_FALSE(second_given);
  EXPECT_EQ(handoff.idle(), 0U);
  EXPECT_EQ(handoff.await(slot)->argument, &first);
}

TEST(Handoff, AWorkerIsIdleFromItsArrivalOn) {
  Handoff handoff;
  Handoff::WorkerSlot slot;
  Counted first;
  Counted second;
  handoff.arrive(slot);
  ASSERT_TRUE(handoff.try_give(first.work()));
  ASSERT_EQ(handoff.await(slot)->argument, &first);

  handoff.arrive(slot);
  const bool given_before_it_awaits = handoff.try_give(second.work());

  EXPECT_TRUE(given_before_it_awaits);
  EXPECT_EQ(handoff.await(slot)->argument, &second);
}

TEST(Handoff, AnArrivingWorkerTakesTheWorkOfABlockedGiver) {
  Handoff handoff;
  Handoff::WorkerSlot slot;
  Counted counted;
  BlockedGiver giver(handoff, counted.work());

  handoff.arrive(slot);

  EXPECT_EQ(giver.result(), Given::accepted);
  EXPECT_EQ(handoff.idle(), 0U);
  EXPECT_EQ(handoff.await(slot)->argument, &counted);
}

TEST(Handoff, BlockedGiversAreServedInTheOrderTheyCame) {
  Handoff handoff;
  Handoff::WorkerSlot slot;
  std::array<Counted, 5> counted;
  std::vector<std::unique_ptr<BlockedGiver>> givers;
  for (Counted& each : counted) givers.push_back(std::make_unique<BlockedGiver>(handoff, each.work()));

  std::vector<void*> order;
  for (std::size_t i = 0; i < counted.size(); ++i) order.push_back(handoff.accept(slot)->argument);

  for (std::size_t i = 0; i < counted.size(); ++i) EXPECT_EQ(order[i], &counted[i]) << i;
}

TEST(Handoff, EveryIdleWorkerCanBeGivenWork) {
  Handoff handoff;
  std::array<Handoff::WorkerSlot, 3> slots;
  std::array<Counted, 3> counted;
  for (Handoff::WorkerSlot& slot : slots) handoff.arrive(slot);
  ASSERT_EQ(handoff.idle(), 3U);

  for (Counted& each : counted) ASSERT_TRUE(handoff.try_give(each.work()));
  for (Handoff::WorkerSlot& slot : slots) {
    const auto work = handoff.await(slot);
    work->run(work->argument);
  }

  EXPECT_EQ(handoff.idle(), 0U);
  for (const Counted& each : counted) EXPECT_EQ(each.runs, 1);
}

TEST(Handoff, OfTheSleepingWorkersTheLastToComeIsTheFirstToWork) {
  Handoff handoff;
  Handoff::WorkerSlot spinning;
  Handoff::WorkerSlot first;
  Handoff::WorkerSlot last;
  Counted counted;
  Counted more;
  handoff.arrive(spinning);
  handoff.arrive(first);
  handoff.arrive(last);

  ASSERT_TRUE(handoff.try_give(counted.work()));
  ASSERT_TRUE(handoff.try_give(more.work()));

  EXPECT_EQ(handoff.await(spinning)->argument, &counted);
  EXPECT_EQ(handoff.await(last)->argument, &more);
  handoff.close();
  EXPECT_FALSE(handoff.await(first));
}

TEST(Handoff, ASleepingWorkerIsWokenThoughAnotherOneIsBusy) {
  Handoff handoff;
  Handoff::WorkerSlot busy;
  Counted long_work;
  Counted counted;
  handoff.arrive(busy);
  ASSERT_TRUE(handoff.try_give(long_work.work()));
  Worker other(handoff);

  for (int i = 0; i < 100; ++i) ASSERT_EQ(handoff.give(counted.work()), Given::accepted);
  handoff.close();
  until([&] { return counted.runs == 100; });

  EXPECT_EQ(handoff.await(busy)->argument, &long_work);
}

TEST(Handoff, GivingAfterCloseIsClosed) {
  Handoff handoff;
  Counted counted;
  handoff.close();

  EXPECT_EQ(handoff.give(counted.work()), Given::closed);
  EXPECT_FALSE(handoff.try_give(counted.work()));
}

TEST(Handoff, CloseSendsBlockedGiversAwayAndMayBeRepeated) {
  Handoff handoff;
  Counted counted;
  BlockedGiver first(handoff, counted.work());
  BlockedGiver second(handoff, counted.work());

  handoff.close();
  handoff.close();

  EXPECT_EQ(first.result(), Given::closed);
  EXPECT_EQ(second.result(), Given::closed);
  EXPECT_EQ(handoff.waiting(), 0U);
}

TEST(Handoff, CloseWakesIdleWorkers) {
  Handoff handoff;
  {
    Worker first(handoff);
    Worker second(handoff);
    until([&] { return handoff.idle() == 2; });

    handoff.close();
  }

  EXPECT_EQ(handoff.idle(), 0U);
}

TEST(Handoff, WorkAcceptedBeforeCloseIsStillDone) {
  Handoff handoff;
  Handoff::WorkerSlot slot;
  Counted counted;
  handoff.arrive(slot);
  ASSERT_TRUE(handoff.try_give(counted.work()));

  handoff.close();

  EXPECT_EQ(handoff.await(slot)->argument, &counted);
  EXPECT_FALSE(handoff.accept(slot));
}

TEST(Handoff, ACancelledGiverTakesItsWorkAway) {
  Handoff handoff;
  Handoff::WorkerSlot slot;
  Counted counted;
  std::stop_source stop;
  BlockedGiver giver(handoff, counted.work(), kNever, stop.get_token());

  stop.request_stop();

  EXPECT_EQ(giver.result(), Given::cancelled);
  EXPECT_EQ(handoff.waiting(), 0U);
  handoff.arrive(slot);
  EXPECT_EQ(handoff.idle(), 1U) << "there is nothing left to take";
  handoff.close();
  EXPECT_FALSE(handoff.await(slot));
}

TEST(Handoff, CancellingOneGiverLeavesTheOrderOfTheOthers) {
  Handoff handoff;
  Handoff::WorkerSlot slot;
  std::array<Counted, 3> counted;
  std::stop_source stop;
  BlockedGiver first(handoff, counted[0].work());
  BlockedGiver second(handoff, counted[1].work(), kNever, stop.get_token());
  BlockedGiver third(handoff, counted[2].work());

  stop.request_stop();
  const auto first_work = handoff.accept(slot);
  const auto second_work = handoff.accept(slot);

  EXPECT_EQ(second.result(), Given::cancelled);
  EXPECT_EQ(first_work->argument, &counted[0]);
  EXPECT_EQ(second_work->argument, &counted[2]);
}

TEST(Handoff, NothingIsGivenOnceTheStopIsRequested) {
  Handoff handoff;
  Handoff::WorkerSlot slot;
  Counted counted;
  std::stop_source stop;
  stop.request_stop();
  handoff.arrive(slot);

  EXPECT_EQ(handoff.give(counted.work(), kNever, stop.get_token()), Given::cancelled);
  EXPECT_EQ(handoff.idle(), 1U);
  handoff.close();
  EXPECT_FALSE(handoff.await(slot));
}

TEST(Handoff, AGiverTakesItsWorkAwayAtTheDeadline) {
  Handoff handoff;
  Counted counted;
  const TimePoint deadline = steady_clock::now() + std::chrono::milliseconds(2);

  const Given given = handoff.give(counted.work(), deadline);

  EXPECT_EQ(given, Given::timed_out);
  EXPECT_GE(steady_clock::now(), deadline);
  EXPECT_EQ(handoff.waiting(), 0U);
}

TEST(Handoff, ADeadlineInThePastMeansNoWaiting) {
  Handoff handoff;
  Handoff::WorkerSlot slot;
  Counted counted;

  const Given without_worker = handoff.give(counted.work(), TimePoint::min());
  handoff.arrive(slot);
  const Given with_worker = handoff.give(counted.work(), TimePoint::min());

  EXPECT_EQ(without_worker, Given::timed_out);
  EXPECT_EQ(with_worker, Given::accepted);
  EXPECT_EQ(handoff.await(slot)->argument, &counted);
}

struct LoadShape {
  int workers;
  int givers;
};

class HandoffUnderLoad : public testing::TestWithParam<LoadShape> {};

TEST_P(HandoffUnderLoad, RunsEachAcceptedPieceOfWorkOnceAndNoOther) {
  constexpr int kEach = 3000;
  const auto [workers, givers] = GetParam();
  std::vector<Counted> counted(static_cast<std::size_t>(givers * kEach));
  std::vector<char> accepted(counted.size());
  Handoff handoff;
  std::vector<std::unique_ptr<Worker>> crew;
  for (int i = 0; i < workers; ++i) crew.push_back(std::make_unique<Worker>(handoff));

  // Each giver has a rival that cancels it again and again; the last tenth meets the close.
  std::atomic<int> pieces_left{givers * kEach};
  {
    std::vector<std::jthread> threads;
    for (int giver = 0; giver < givers; ++giver) {
      threads.emplace_back([&, giver] {
        std::minstd_rand random(static_cast<unsigned>(giver + 1));
        for (int piece = 0; piece < kEach; ++piece) {
          const auto index = static_cast<std::size_t>(giver * kEach + piece);
          const Work work = counted[index].work();
          if (const unsigned way = random() % 8; way == 0) {
            accepted[index] = handoff.try_give(work);
          } else if (way < 3) {
            const auto deadline = steady_clock::now() + std::chrono::microseconds(random() % 40);
            accepted[index] = handoff.give(work, deadline) == Given::accepted;
          } else if (way == 3) {
            std::stop_source stop;
            const std::jthread rival([&stop] { stop.request_stop(); });
            accepted[index] = handoff.give(work, kNever, stop.get_token()) == Given::accepted;
          } else {
            accepted[index] = handoff.give(work) == Given::accepted;
          }
          if (pieces_left.fetch_sub(1) == givers * kEach / 10) handoff.close();
        }
      });
    }
  }
  crew.clear();

  for (std::size_t i = 0; i < counted.size(); ++i) ASSERT_EQ(counted[i].runs, accepted[i]) << i;
}

INSTANTIATE_TEST_SUITE_P(LoadShapes, HandoffUnderLoad,
                         testing::Values(LoadShape{1, 1}, LoadShape{1, 4}, LoadShape{2, 3}, LoadShape{8, 1},
                                         LoadShape{4, 4}),
                         [](const auto& crowd) {
                           return std::to_string(crowd.param.workers) + "WorkersAnd" +
                                  std::to_string(crowd.param.givers) + "Givers";
                         });

}  // namespace
}  // namespace ganger::host
