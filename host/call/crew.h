// The threads that work on one parallel() call: its caller, who helps, and workers that happen to be free.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "host/call/context.h"

namespace ganger::host {

/// Lives on the caller's stack: work() returns only when every helper has left. Since the caller works itself, a crew
/// needs nobody and nested ones cannot deadlock.
class Crew final : public HelpSeeker {
 public:
  using Function = ganger_status (*)(void* user, std::uint64_t i);

  /// Shape: max_threads counts the caller, 0 = as many as there are
  Crew(std::uint64_t n, Function fn, void* user, std::uint32_t max_threads, PluginCall& ctx);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Makes all calls. Returns the first status that is not GANGER_OK; GANGER_CANCELLED when a stop left some out.
  ganger_status work(WorkerLender* lender);

  /// Is this thread in a call of a crew, or of one further out, of which another call has failed?
  static bool has_failed_here();
  /// The same of the crews of that task only: a pool's open() has a context of its own, also inside a crew.
  static bool has_failed_here(const PluginCall& ctx);

  bool wants_help() override;
  void cancel_help() override;
  void help() noexcept override;

 private:
  void take_calls();
  bool is_over() const;
  static bool has_failed(const Crew* innermost);

  const std::uint64_t n_;
  const Function fn_;
  void* const user_;
  const std::uint32_t max_helpers_;
  PluginCall& ctx_;
  const Crew* const outer_;  // the one in whose call the caller is, or null
  std::atomic<std::uint64_t> next_{0};
  std::atomic<ganger_status> status_{GANGER_OK};
  std::mutex mutex_;
  std::condition_variable left_;
  std::uint32_t helpers_ = 0;  // guarded by mutex_
};

}  // namespace ganger::host
