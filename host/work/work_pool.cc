#include "host/work/work_pool.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

namespace ganger::host {

struct WorkPool::Worker {
  WorkPool* pool = nullptr;
  std::int16_t number = 0;
  std::thread thread;
  std::optional<Finished> finished;  // of the attempt that this thread has just run
  // guarded by the pool's mutex_
  TaskIndex task = kNoTask;
  bool is_given_up = false;

  static thread_local Worker* current;
};

thread_local WorkPool::Worker* WorkPool::Worker::current = nullptr;

WorkPool::WorkPool(std::uint32_t workers, TaskBody& body) : body_(body), size_(workers) {}

WorkPool::~WorkPool() {
  handoff_.close();
  for (const auto& worker : workers_)
    if (worker->thread.joinable()) worker->thread.join();
}

std::uint32_t WorkPool::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

bool WorkPool::try_start(const Attempt& attempt) {
  // The worker owns the copy from the moment it has accepted.
  auto copy = std::make_unique<Attempt>(attempt);
  const std::lock_guard lock(mutex_);
  if (!give({&WorkPool::run_attempt, copy.get()})) return false;
  static_cast<void>(copy.release());
  return true;
}

void WorkPool::seek_help(HelpSeeker& seeker) {
  const std::lock_guard lock(mutex_);
  seekers_.push_back(&seeker);
  send_help();
}

void WorkPool::end_seeking(HelpSeeker& seeker) {
  const std::lock_guard lock(mutex_);
  std::erase(seekers_, &seeker);
}

void WorkPool::send_help() {
  constexpr auto kHelp = [](void* seeker) noexcept { static_cast<HelpSeeker*>(seeker)->help(); };
  for (auto seeker = seekers_.rbegin(); seeker != seekers_.rend(); ++seeker)
    while ((*seeker)->wants_help())
      if (!give({kHelp, *seeker})) {
        (*seeker)->cancel_help();
        return;
      }
}

bool WorkPool::give(Work work) {
  if (handoff_.idle() > 0 && handoff_.try_give(work)) return true;
  // Nobody is free. If there may be another worker, start it: once it is idle it asks for work.
  if (workers_.size() >= size_) return false;
  auto worker = std::make_unique<Worker>();
  worker->pool = this;
  worker->number = static_cast<std::int16_t>(started_++);
  try {
    worker->thread = std::thread([w = worker.get()] { w->pool->run_worker(*w); });
  } catch (const std::system_error&) {
    // No thread to be had now. With none at all the next try_start() asks again.
    return false;
  }
  workers_.push_back(std::move(worker));
  return false;
}

void WorkPool::run_worker(Worker& self) {
  Worker::current = &self;
  Handoff::WorkerSlot slot;
  for (;;) {
    // Idle first, and only then the news: whoever hears of it finds this worker free.
    handoff_.arrive(slot);
    if (auto finished = std::exchange(self.finished, std::nullopt))
      completion_->ended(std::move(*finished));
    else
      completion_->has_room();
    {
      const std::lock_guard lock(mutex_);
      if (!seekers_.empty()) send_help();
    }
    const std::optional<Work> work = handoff_.await(slot);
    if (!work) return;
    work->run(work->argument);
    const std::lock_guard lock(mutex_);
    if (self.is_given_up) return;  // late; somebody else has this worker's place
    self.task = kNoTask;
  }
}

void WorkPool::run_attempt(void* attempt) noexcept {
  const std::unique_ptr<Attempt> own(static_cast<Attempt*>(attempt));
  Worker& self = *Worker::current;
  own->worker = self.number;
  {
    const std::lock_guard lock(self.pool->mutex_);
    self.task = own->task;
  }
  self.finished = self.pool->body_.run(*own);
}

bool WorkPool::give_up(TaskIndex task) {
  const std::lock_guard lock(mutex_);
  const auto worker = std::ranges::find_if(workers_, [&](const auto& w) { return w->task == task; });
  if (worker != workers_.end()) {
    (*worker)->is_given_up = true;
    (*worker)->thread.detach();
    static_cast<void>(worker->release());  // its thread may come back to it at any time
    workers_.erase(worker);
    if (replaced_ < kMostReplaced)
      ++replaced_;
    else
      --size_;
  }
  return size_ > 0;
}

}  // namespace ganger::host
