#include "host/run/event_stream.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <utility>

#include "host/text.h"

namespace ganger::host {

namespace {

std::int64_t nanoseconds_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

std::size_t bytes_of(const Event& e) { return sizeof e + e.text.size(); }

/// All but the routine of a run: a line may be the last one before a crash, and takes what came before it along.
bool is_urgent(EventKind kind) {
  return kind != EventKind::task_ready && kind != EventKind::task_started && kind != EventKind::task_finished &&
         kind != EventKind::lease_acquired && kind != EventKind::lease_released;
}

/// Nobody may fill the memory of the host with lines. Shape: n events of so many bytes wait
bool is_dropped(const Event& e, std::size_t n, std::size_t bytes) {
  if (e.kind != EventKind::task_progress && e.kind != EventKind::task_log) return false;
  const std::size_t patience = e.kind == EventKind::task_log && e.level >= GANGER_LOG_WARN ? 2 : 1;
  return n >= patience * EventStream::kMostWaiting || bytes >= patience * EventStream::kMostWaitingBytes;
}

}  // namespace

struct EventStream::Queue {
  /// Events that are delivered one after another. Their memory is that of the next events, so a run that is faster
  /// than its reporters needs no more than what waits.
  struct Batch {
    static constexpr std::size_t kMost = 512;
    std::vector<Event> events;
    std::size_t bytes = 0;
  };

  Queue(std::vector<std::unique_ptr<Reporter>> listeners, Duration short_wait)
      : reporters(std::move(listeners)), moment(short_wait) {
    for (const auto& r : reporters) has_ticks |= r->wants_ticks();
  }

  void deliver_all();
  /// Is there no point in waiting for more?
  bool is_due() const { return is_closed || has_urgent || waiting.size() > 1; }
  void add(Event event);
  Batch take();

  const std::vector<std::unique_ptr<Reporter>> reporters;
  const Duration moment;
  bool has_ticks = false;
  std::atomic<std::uint64_t> delivered{0};

  std::mutex mutex;
  std::condition_variable filled, ended;
  // guarded by mutex
  std::deque<Batch> waiting;  // none is empty, and all but the last are full
  std::size_t waiting_count = 0, waiting_bytes = 0;
  std::uint64_t seq = 0, dropped = 0;
  bool has_urgent = false, is_closed = false, has_ended = false;
};

void EventStream::Queue::add(Event event) {
  if (waiting.empty() || waiting.back().events.size() == Batch::kMost) waiting.emplace_back();
  const std::size_t bytes = bytes_of(event);
  ++waiting_count;
  waiting_bytes += bytes;
  has_urgent |= is_urgent(event.kind);
  waiting.back().bytes += bytes;
  waiting.back().events.push_back(std::move(event));
}

EventStream::Queue::Batch EventStream::Queue::take() {
  if (waiting.empty()) return {};
  Batch batch = std::move(waiting.front());
  waiting.pop_front();
  waiting_count -= batch.events.size();
  waiting_bytes -= batch.bytes;
  has_urgent &= !waiting.empty();
  return batch;
}

void EventStream::Queue::deliver_all() {
  std::unique_lock lock(mutex);
  for (bool is_last = false; !is_last;) {
    const auto has_work = [&] { return !waiting.empty() || is_closed; };
    if (has_ticks)
      filled.wait_for(lock, std::chrono::milliseconds(100), has_work);
    else
      filled.wait(lock, has_work);
    if (!waiting.empty()) filled.wait_for(lock, moment, [&] { return is_due(); });
    is_last = is_closed && waiting.empty();
    Batch batch = take();
    lock.unlock();
    for (const Event& e : batch.events) {
      for (const auto& r : reporters)
        if (r->wants(e.kind) && (e.kind != EventKind::task_log || e.level >= r->log_level())) r->report(e);
      delivered.fetch_add(1, std::memory_order_relaxed);
    }
    for (const auto& r : reporters) r->idle();
    batch = {};
    lock.lock();
  }
  has_ended = true;
  ended.notify_all();
}

EventStream::EventStream(std::vector<std::unique_ptr<Reporter>> reporters, const Secrets& secrets, Duration moment)
    : secrets_(secrets) {
  for (const auto& r : reporters) {
    log_level_ = std::min(log_level_, r->log_level());
    for (std::size_t k = 0; k < kEventKinds; ++k) wants_[k] |= r->wants(static_cast<EventKind>(k));
  }
  queue_ = std::make_shared<Queue>(std::move(reporters), moment);
  if (!queue_->reporters.empty()) thread_ = std::thread([q = queue_] { q->deliver_all(); });
}

EventStream::~EventStream() { close(Duration::max()); }

void EventStream::push(Event event) {
  secrets_.mask(event.text);
  event.text = shortened(std::move(event.text));
  bool is_news = false;
  {
    const std::lock_guard lock(queue_->mutex);
    if (queue_->is_closed) return;
    if (is_dropped(event, queue_->waiting_count, queue_->waiting_bytes)) {
      ++queue_->dropped;
      return;
    }
    event.seq = ++queue_->seq;
    event.time_ns = nanoseconds_of(CLOCK_REALTIME);
    event.mono_ns = nanoseconds_of(CLOCK_MONOTONIC);
    const bool was_empty = queue_->waiting.empty(), was_due = queue_->is_due();
    queue_->add(std::move(event));
    is_news = was_empty || (!was_due && queue_->is_due());
  }
  if (is_news) queue_->filled.notify_one();
}

bool EventStream::close(Duration patience) {
  if (!thread_.joinable()) return true;
  {
    std::unique_lock lock(queue_->mutex);
    queue_->is_closed = true;
    queue_->filled.notify_one();
    const auto is_over = [&] { return queue_->has_ended; };
    if (patience == Duration::max())
      queue_->ended.wait(lock, is_over);
    else
      for (std::uint64_t before = queue_->delivered; !queue_->ended.wait_for(lock, patience, is_over);) {
        const std::uint64_t now = queue_->delivered;
        if (now == before) {
          thread_.detach();
          return false;
        }
        before = now;  // slow, but it goes on
      }
  }
  thread_.join();
  return true;
}

std::uint64_t EventStream::dropped() const {
  const std::lock_guard lock(queue_->mutex);
  return queue_->dropped;
}

}  // namespace ganger::host
