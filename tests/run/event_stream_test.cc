#include "host/run/event_stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace ganger::host {
namespace {

using std::chrono::milliseconds;

/// What a reporter heard; outlives it.
struct Heard {
  std::vector<Event> events;
  std::latch entered{1}, go_on{1};
  std::atomic<bool> has_entered{false};
};

class Listener final : public Reporter {
 public:
  explicit Listener(std::shared_ptr<Heard> heard, bool blocks = false) : heard_(std::move(heard)), blocks_(blocks) {}
  bool wants(EventKind kind) const override { return kind != EventKind::task_ready; }
  int log_level() const override { return GANGER_LOG_DEBUG; }
  void report(const Event& event) override {
    if (!heard_->has_entered.exchange(true)) heard_->entered.count_down();
    if (std::exchange(blocks_, false)) heard_->go_on.wait();
    heard_->events.push_back(event);
  }

 private:
  std::shared_ptr<Heard> heard_;
  bool blocks_;
};

const Secrets no_secrets;

std::vector<std::unique_ptr<Reporter>> one(std::unique_ptr<Reporter> reporter) {
  std::vector<std::unique_ptr<Reporter>> all;
  all.push_back(std::move(reporter));
  return all;
}

TEST(EventStream, DeliversWhatManyThreadsPushInOneOrder) {
  constexpr std::uint32_t kThreads = 4, kEach = 1000;
  const auto heard = std::make_shared<Heard>();
  EventStream stream(one(std::make_unique<Listener>(heard)), no_secrets);

  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (std::uint32_t i = 0; i < kEach; ++i)
        stream.push({.kind = EventKind::task_started, .task = t, .attempt = i});
    });
  for (std::thread& t : threads) t.join();
  stream.close(Duration::max());

  ASSERT_EQ(heard->events.size(), kThreads * kEach);
  std::uint32_t next[kThreads] = {};
  for (std::size_t i = 0; i < heard->events.size(); ++i) {
    const Event& e = heard->events[i];
    EXPECT_EQ(e.seq, i + 1);
    EXPECT_EQ(e.attempt, next[e.task]++) << "a thread's events keep their order";
    EXPECT_GT(e.time_ns, 0);
  }
}

TEST(EventStream, NoEventHoldsASecretWhoeverPushesIt) {
  const auto heard = std::make_shared<Heard>();
  Secrets secrets;
  EventStream stream(one(std::make_unique<Listener>(heard)), secrets);
  secrets.add("hunter2");
  for (std::size_t k = 0; k < kEventKinds; ++k) {
    Event event{.kind = static_cast<EventKind>(k)};
    event.text = "with hunter2";
    stream.push(std::move(event));
  }
  EXPECT_TRUE(stream.close(Duration::max()));

  EXPECT_EQ(heard->events.size(), kEventKinds - 1);  // without task_ready
  for (const Event& event : heard->events) EXPECT_EQ(event.text, "with ***") << name_of(event.kind);
}

TEST(EventStream, RoutineWaitsAMomentForMoreOfIt) {
  const auto heard = std::make_shared<Heard>();
  EventStream stream(one(std::make_unique<Listener>(heard)), no_secrets, std::chrono::hours(1));

  stream.push({.kind = EventKind::task_started});
  std::this_thread::sleep_for(milliseconds(20));  // to be found out; it is right without
  stream.push({.kind = EventKind::task_finished});

  EXPECT_FALSE(heard->has_entered);
  stream.close(Duration::max());
  EXPECT_EQ(heard->events.size(), 2u);
}

TEST(EventStream, ALineTakesAllBeforeItAlongAtOnce) {
  const auto heard = std::make_shared<Heard>();
  EventStream stream(one(std::make_unique<Listener>(heard)), no_secrets, std::chrono::hours(1));

  stream.push({.kind = EventKind::task_started});
  stream.push({.kind = EventKind::task_log});

  heard->entered.wait();
  stream.close(Duration::max());
  EXPECT_EQ(heard->events.front().kind, EventKind::task_started);
}

TEST(EventStream, ManyEventsAreDeliveredAtOnce) {
  const auto heard = std::make_shared<Heard>();
  EventStream stream(one(std::make_unique<Listener>(heard)), no_secrets, std::chrono::hours(1));

  for (int i = 0; i < 1000; ++i) stream.push({.kind = EventKind::task_started});

  heard->entered.wait();
  stream.close(Duration::max());
}

TEST(EventStream, ListenersGetOnlyWhatTheyWant) {
  const auto heard = std::make_shared<Heard>();
  EventStream stream(one(std::make_unique<Listener>(heard)), no_secrets);

  stream.push({.kind = EventKind::task_ready});
  stream.push({.kind = EventKind::task_log, .level = GANGER_LOG_TRACE});
  stream.push({.kind = EventKind::task_log, .level = GANGER_LOG_DEBUG});
  stream.close(Duration::max());

  EXPECT_FALSE(stream.wants(EventKind::task_ready));
  EXPECT_FALSE(stream.wants_log(GANGER_LOG_TRACE));
  EXPECT_TRUE(stream.wants_log(GANGER_LOG_DEBUG));
  ASSERT_EQ(heard->events.size(), 1u);
  EXPECT_EQ(heard->events[0].level, GANGER_LOG_DEBUG);
}

TEST(EventStream, DropsAndCountsOnlyChatterWhenTooMuchWaits) {
  const auto heard = std::make_shared<Heard>();
  EventStream stream(one(std::make_unique<Listener>(heard, true)), no_secrets);
  stream.push({.kind = EventKind::run_started});
  heard->entered.wait();

  for (std::size_t i = 0; i < EventStream::kMostWaiting; ++i) stream.push({.kind = EventKind::task_finished});
  stream.push({.kind = EventKind::task_log, .level = GANGER_LOG_INFO});
  stream.push({.kind = EventKind::task_progress});
  stream.push({.kind = EventKind::task_log, .level = GANGER_LOG_WARN});
  stream.push({.kind = EventKind::task_finished});
  heard->go_on.count_down();
  stream.close(Duration::max());

  EXPECT_EQ(stream.dropped(), 2u);
  EXPECT_EQ(heard->events.size(), 1 + EventStream::kMostWaiting + 2);
}

TEST(EventStream, CloseDoesNotWaitForEverForAListenerThatBlocks) {
  const auto heard = std::make_shared<Heard>();
  {
    EventStream stream(one(std::make_unique<Listener>(heard, true)), no_secrets);
    stream.push({.kind = EventKind::run_started});
    heard->entered.wait();

    EXPECT_FALSE(stream.close(milliseconds(1)));
    EXPECT_TRUE(stream.close(milliseconds(1))) << "nothing is left to close";
  }
  heard->go_on.count_down();
}

TEST(EventStream, NothingIsTakenAfterClose) {
  const auto heard = std::make_shared<Heard>();
  EventStream stream(one(std::make_unique<Listener>(heard)), no_secrets);

  EXPECT_TRUE(stream.close(Duration::max()));
  stream.push({.kind = EventKind::run_started});

  EXPECT_TRUE(heard->events.empty());
}

}  // namespace
}  // namespace ganger::host
