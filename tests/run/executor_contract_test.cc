// The contract of host/run/executor.h, held against every executor: the loop relies on each word of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/run/executor_rigs.h"

namespace ganger::host::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

/// In the place of the loop: keeps the books, and finds fault with who does not keep to them.
class Books final : public Completion {
 public:
  void use(ExecutorRig& rig) {
    rig_ = &rig;
    rig.report_to(*this);
  }

  bool try_start(TaskIndex task) {
    const std::lock_guard lock(mutex_);
    return try_start_locked(task);
  }
  bool give_up(TaskIndex task) {
    const std::lock_guard lock(mutex_);
    running_.erase(task);
    rig_->given_up(task);
    const Inside inside;
    return rig_->executor().give_up(task);
  }
  bool try_start_locked(TaskIndex task) {
    const Attempt attempt = next_attempt(task);
    {
      const Inside inside;
      if (rig_->executor().try_start(attempt) != Start::accepted) return false;
    }
    note_start(attempt);
    return true;
  }

  [[nodiscard]] std::optional<Attempt> ended(Finished finished) override {
    if (is_inside_) ADD_FAILURE() << "ended() inside a call of the executor";
    const std::lock_guard lock(mutex_);
    const auto running = running_.find(finished.task);
    if (running == running_.end()) {
      ADD_FAILURE() << "task " << finished.task << " is reported, and does not run";
      return std::nullopt;
    }
    EXPECT_EQ(finished.number, running->second);
    EXPECT_GE(finished.worker, 0) << "who ran it is a worker";
    ends_.push_back(finished.task);
    statuses_.push_back(finished.status);
    if (on_ended) on_ended();
    running_.erase(running);
    if (following.empty()) return std::nullopt;
    const Attempt attempt = next_attempt(following.front());
    following.pop_front();
    note_start(attempt);
    return attempt;
  }
  void has_room() override {
    if (is_inside_) ADD_FAILURE() << "has_room() inside a call of the executor";
    const std::lock_guard lock(mutex_);
    ++rooms_;
    if (on_room) on_room();
  }

  std::vector<TaskIndex> ends() {
    const std::lock_guard lock(mutex_);
    return ends_;
  }
  std::vector<ganger_status> statuses() {
    const std::lock_guard lock(mutex_);
    return statuses_;
  }
  std::size_t rooms() {
    const std::lock_guard lock(mutex_);
    return rooms_;
  }
  std::size_t most_at_once() {
    const std::lock_guard lock(mutex_);
    return most_;
  }

  // Called with the lock held, as the loop holds its own then.
  std::function<void()> on_ended;  ///< before the attempt counts as ended
  std::function<void()> on_room;
  std::deque<TaskIndex> following;  ///< what ended() returns, one after another

 private:
  struct Inside {
    Inside() { is_inside_ = true; }
    ~Inside() { is_inside_ = false; }
  };

  Attempt next_attempt(TaskIndex task) { return {.task = task, .number = numbers_[task] + 1, .stop = &stops_[task]}; }
  void note_start(const Attempt& attempt) {
    ++numbers_[attempt.task];
    EXPECT_TRUE(running_.emplace(attempt.task, attempt.number).second);
    most_ = std::max(most_, running_.size());
  }

  static thread_local bool is_inside_;
  ExecutorRig* rig_ = nullptr;
  std::mutex mutex_;
  std::map<TaskIndex, std::uint32_t> running_, numbers_;
  std::map<TaskIndex, StopSource> stops_;
  std::vector<TaskIndex> ends_;
  std::vector<ganger_status> statuses_;
  std::size_t rooms_ = 0, most_ = 0;
};

thread_local bool Books::is_inside_ = false;

class ExecutorContract : public testing::TestWithParam<ExecutorKind> {
 protected:
  void use(std::uint32_t workers) {
    rig_ = GetParam().make(workers);
    books_.use(*rig_);
  }
  /// As the loop does it: what is refused is asked again at the next news.
  void start(TaskIndex task) {
    for (std::size_t seen = books_.rooms(); !books_.try_start(task); seen = books_.rooms())
      rig_->wait([&] { return books_.rooms() > seen; });
  }
  void let_end(std::size_t all) {
    rig_->let_end([&] { return books_.ends().size() >= all; });
  }
  /// What is reported only when the executor goes is seen too.
  std::vector<TaskIndex> ends_in_all() {
    rig_.reset();
    return books_.ends();
  }

  Books books_;
  std::unique_ptr<ExecutorRig> rig_;
};

TEST_P(ExecutorContract, EachAttemptThatItAcceptsIsReportedOnce) {
  use(2);

  for (TaskIndex task = 0; task < 10; task += 2) {
    start(task);
    start(task + 1);
    let_end(task + 2);
  }

  EXPECT_THAT(ends_in_all(), UnorderedElementsAreArray({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_P(ExecutorContract, AnAttemptThatEndedReturnsIsRunAndReportedInTurn) {
  use(1);
  books_.following = {1, 2, 3};
  start(0);

  let_end(4);

  EXPECT_THAT(ends_in_all(), ElementsAre(0, 1, 2, 3));
}

TEST_P(ExecutorContract, TheNextAttemptMayBeTheSameTaskAgain) {
  use(1);
  books_.following = {0, 0};
  start(0);

  let_end(3);

  EXPECT_THAT(ends_in_all(), ElementsAre(0, 0, 0));
}

TEST_P(ExecutorContract, AnAttemptThatItRefusesIsForgotten) {
  use(1);
  start(0);

  EXPECT_FALSE(books_.try_start(1)) << "the only worker is busy";
  let_end(1);

  EXPECT_THAT(ends_in_all(), ElementsAre(0));
}

TEST_P(ExecutorContract, WhoWasRefusedHearsWhenAWorkerIsFreeAndFindsIt) {
  use(1);
  start(0);
  EXPECT_FALSE(books_.try_start(1));
  bool is_accepted = false;
  books_.on_room = [&] {
    if (!is_accepted) is_accepted = books_.try_start_locked(1);
  };

  let_end(2);

  EXPECT_THAT(ends_in_all(), ElementsAre(0, 1));
}

TEST_P(ExecutorContract, AWorkerIsBusyUntilEndedHasReturned) {
  use(1);
  books_.following = {1};
  bool was_accepted = false;
  books_.on_ended = [&] { was_accepted |= books_.try_start_locked(2); };
  start(0);

  let_end(2);

  EXPECT_FALSE(was_accepted);
  EXPECT_THAT(ends_in_all(), ElementsAre(0, 1));
}

TEST_P(ExecutorContract, AllWorkersRunAtOnceAndNoMoreThanThat) {
  use(3);

  for (const TaskIndex task : {0U, 1U, 2U}) start(task);
  EXPECT_FALSE(books_.try_start(3));
  let_end(3);

  EXPECT_EQ(books_.most_at_once(), 3U);
}

TEST_P(ExecutorContract, NoMoreRunAtOnceWhoeverStartsThem) {
  constexpr TaskIndex kAll = 60;
  use(3);
  TaskIndex next = 0;
  const auto start_more = [&] {
    while (next < kAll && books_.try_start_locked(next)) ++next;
  };
  books_.on_ended = [&] {
    if (next < kAll && next % 2 == 0) books_.following.push_back(next++);
    start_more();
  };
  books_.on_room = start_more;
  if (books_.try_start(next)) ++next;

  let_end(kAll);

  EXPECT_EQ(ends_in_all().size(), kAll);
  EXPECT_LE(books_.most_at_once(), 3U);
}

TEST_P(ExecutorContract, HowAnAttemptEndsIsReported) {
  use(1);
  books_.following = {0};
  start(kFails);

  let_end(2);

  EXPECT_THAT(books_.statuses(), ElementsAre(GANGER_FAILED, GANGER_OK));
}

TEST_P(ExecutorContract, NothingIsHeardOfAnAttemptThatWasGivenUpAndAnotherOneTakesItsPlace) {
  use(1);
  start(kHangs);
  rig_->wait([&] { return rig_->hangs(); });

  EXPECT_TRUE(books_.give_up(kHangs));
  start(0);
  let_end(1);

  EXPECT_THAT(ends_in_all(), ElementsAre(0));
}

TEST_P(ExecutorContract, GivingUpWhatDoesNotRunChangesNothing) {
  use(1);

  EXPECT_TRUE(books_.give_up(7));
  start(0);
  EXPECT_FALSE(books_.try_start(1));
  let_end(1);

  EXPECT_THAT(ends_in_all(), ElementsAre(0));
}

TEST_P(ExecutorContract, OneThatDidNothingGoesAtOnce) {
  use(4);

  EXPECT_THAT(ends_in_all(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Of, ExecutorContract,
                         testing::Values(ExecutorKind{"WorkPool", make_work_pool},
                                         ExecutorKind{"WorkPoolOfChildren", make_work_pool_of_children},
                                         ExecutorKind{"Rehearsal", make_rehearsal},
                                         ExecutorKind{"FakeWorkers", make_fake_workers}),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace ganger::host::test
