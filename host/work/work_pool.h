// The work pool: threads that take heavy tasks by rendezvous, and help with parallel work when they are idle.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "host/call/context.h"
#include "host/run/executor.h"
#include "host/work/handoff.h"

namespace ganger::host {

/// Heavy tasks come first; whoever is idle then joins parallel work. Nothing waits here: try_start() accepts
/// nothing unless a worker has taken it. Workers are started when they are first needed.
class WorkPool final : public Executor, public WorkerLender {
 public:
  /// Threads that hang in a task are replaced this often; then the pool shrinks.
  static constexpr std::uint32_t kMostReplaced = 2;

  /// Lifetime: body outlives the pool
  WorkPool(std::uint32_t workers, TaskBody& body);
  /// Waits for every worker that was not given up.
  ~WorkPool() override;
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  /// Who hears how attempts end; before the first try_start(), outlives the pool.
  void report_to(Completion& completion) { completion_ = &completion; }

  [[nodiscard]] Start try_start(const Attempt& attempt) override;
  [[nodiscard]] bool give_up(TaskIndex task) override;
  void seek_help(HelpSeeker& seeker) override;
  void end_seeking(HelpSeeker& seeker) override;

  std::uint32_t size() const;

 private:
  struct Worker;
  // With the lock held.
  Start give(Work work);
  void send_help();

  void run_worker(Worker& self);
  static void run_attempt(void* attempt) noexcept;

  TaskBody& body_;
  Completion* completion_ = nullptr;
  Handoff handoff_;
  std::atomic<std::int32_t> idle_{0};  // workers that have arrived and not been given work
  std::atomic<bool> may_grow_{true};   // there are fewer workers than there may be
  mutable ShortLock lock_;
  // guarded by lock_
  std::vector<std::shared_ptr<Worker>> workers_;  // but for those given up, which only their threads still hold
  std::uint32_t size_;                            // as many as there may be
  std::uint32_t started_ = 0, replaced_ = 0;
  bool is_closed_ = false;
  std::vector<HelpSeeker*> seekers_;  // the last one is helped first: those before wait for it
};

}  // namespace ganger::host
