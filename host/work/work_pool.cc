#include "host/work/work_pool.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

namespace ganger::host {

/// A thread and what it does. Given up, it belongs to that thread alone, which may come back when the pool is gone.
struct WorkPool::Worker {
  static constexpr TaskIndex kGivenUp = kNoTask - 1;

  Worker(WorkPool& p, std::int16_t n) : pool(p), number(n) {}

  WorkPool& pool;
  const std::int16_t number;
  std::thread thread;
  std::atomic<TaskIndex> task{kNoTask};  // that it runs
  bool is_given_up = false;              // and late: another one has its place

  static thread_local Worker* current;
};

thread_local WorkPool::Worker* WorkPool::Worker::current = nullptr;

WorkPool::WorkPool(std::uint32_t workers, TaskBody& body) : body_(body), size_(workers) {}

WorkPool::~WorkPool() {
  {
    const std::lock_guard lock(lock_);
    is_closed_ = true;
  }
  handoff_.close();
  for (const auto& worker : workers_)
    if (worker->thread.joinable()) worker->thread.join();
}

std::uint32_t WorkPool::size() const {
  const std::lock_guard lock(lock_);
  return size_;
}

Start WorkPool::try_start(const Attempt& attempt) {
  if (idle_.load() <= 0 && !may_grow_.load()) return Start::busy;  // what most who ask hear, and soon
  // The worker owns the copy from the moment it has accepted.
  auto copy = std::make_unique<Attempt>(attempt);
  const std::lock_guard lock(lock_);
  const Start start = give({&WorkPool::run_attempt, copy.get()});
  if (start == Start::accepted) static_cast<void>(copy.release());
  return start;
}

void WorkPool::seek_help(HelpSeeker& seeker) {
  const std::lock_guard lock(lock_);
  seekers_.push_back(&seeker);
  send_help();
}

void WorkPool::end_seeking(HelpSeeker& seeker) {
  const std::lock_guard lock(lock_);
  std::erase(seekers_, &seeker);
}

void WorkPool::send_help() {
  constexpr auto kHelp = [](void* seeker) noexcept { static_cast<HelpSeeker*>(seeker)->help(); };
  for (auto seeker = seekers_.rbegin(); seeker != seekers_.rend(); ++seeker)
    while ((*seeker)->wants_help())
      if (give({kHelp, *seeker}) != Start::accepted) {
        (*seeker)->cancel_help();
        return;
      }
}

Start WorkPool::give(Work work) {
  // On its way from the hatch to sleep a worker is out of sight for a moment. To answer "nobody is free" then would
  // leave it asleep beside work that is ready, since it has told the loop that it is free and does so only once.
  for (; idle_.load() > 0 && !is_closed_; std::this_thread::yield()) {
    if (!handoff_.try_give(work)) continue;
    idle_.fetch_sub(1);
    return Start::accepted;
  }
  // Nobody is free. If there may be another worker, start it: once it is idle it asks for work.
  if (workers_.size() >= size_ || is_closed_) return Start::busy;
  const auto worker = std::make_shared<Worker>(*this, static_cast<std::int16_t>(started_++));
  try {
    worker->thread = std::thread([this, worker] { run_worker(*worker); });
  } catch (const std::system_error&) {
    return workers_.empty() ? Start::no_thread : Start::busy;
  }
  workers_.push_back(worker);
  may_grow_ = workers_.size() < size_;
  return Start::busy;
}

void WorkPool::run_worker(Worker& self) {
  Worker::current = &self;
  Handoff::WorkerSlot slot;
  for (;;) {
    // Idle first, and only then the news: whoever hears of it finds this worker free.
    handoff_.arrive(slot);
    idle_.fetch_add(1);
    completion_->has_room();
    {
      const std::lock_guard lock(lock_);
      if (!seekers_.empty()) send_help();
    }
    const std::optional<Work> work = handoff_.await(slot);
    if (!work) return;
    work->run(work->argument);
    if (self.is_given_up) return;
  }
}

/// And those after it, for as long as there are any: a hand-off from a thread to itself would only cost time.
void WorkPool::run_attempt(void* attempt) noexcept {
  std::optional<Attempt> now = *std::unique_ptr<Attempt>(static_cast<Attempt*>(attempt));
  for (Worker& self = *Worker::current; now;) {
    now->worker = self.number;
    self.task.store(now->task);
    Finished finished = self.pool.body_.run(*now);
    self.is_given_up = self.task.exchange(kNoTask) == Worker::kGivenUp;
    if (self.is_given_up) return;
    now = self.pool.completion_->ended(std::move(finished));
  }
}

bool WorkPool::give_up(TaskIndex task) {
  const std::lock_guard lock(lock_);
  const auto worker = std::ranges::find_if(workers_, [&](const auto& w) {
    TaskIndex expected = task;
    return w->task.compare_exchange_strong(expected, Worker::kGivenUp);
  });
  if (worker != workers_.end()) {
    (*worker)->thread.detach();
    workers_.erase(worker);
    if (replaced_ < kMostReplaced)
      ++replaced_;
    else
      --size_;
    may_grow_ = workers_.size() < size_;
  }
  return size_ > 0;
}

}  // namespace ganger::host
