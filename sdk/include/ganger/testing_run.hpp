// ganger/testing_run.hpp - one run under ganger::testing::host; part of ganger/testing.hpp.
#ifndef GANGER_TESTING_RUN_HPP
#define GANGER_TESTING_RUN_HPP

#include <ganger/plugin.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <ganger/testing_pools.hpp>
#include <ganger/testing_result.hpp>
#include <ganger/testing_setup.hpp>
#include <ganger/testing_stop.hpp>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ganger::testing {

class running;

/// What a ganger_ctx is here: one call of run(), check() or open().
struct call {
  running* of;
  const params* with;
  const char* name;  ///< "run()"
  bool is_run;       ///< check() and open() may not borrow, set outputs or go parallel
};

inline call& call_of(ganger_ctx* ctx) { return *reinterpret_cast<call*>(ctx); }
inline ganger_ctx* ctx_of(call& c) { return reinterpret_cast<ganger_ctx*>(&c); }

/// One run: counts the calls, makes the time, keeps what the task says. Thread: any, but for finish().
class running {
 public:
  running(setup& s, const ganger_host& table)
      : stop(notes),
        leases(
            s, notes, stop, [this](const pool& p, void** h) { return open(p, h); },
            [this](std::int64_t ns) { advance(ns); }),
        setup_(s),
        table_(table),
        deadline_ns_(s.time_limit ? s.now_ns + s.time_limit->count() : std::numeric_limits<std::int64_t>::max()) {
    if (s.stop_at_start != GANGER_RUNNING) stop.deliver(s.stop_at_start);
    latest = this;
  }
  ~running() { latest = nullptr; }
  running(const running&) = delete;
  running& operator=(const running&) = delete;

  /// At the head of every service: this is where a stop comes that the test wants at the k-th call.
  void count() {
    if (++calls_ == setup_.stop_at_call) request_stop(setup_.stop_at_call_reason);
  }
  void request_stop(std::int32_t reason) {
    stop.deliver(reason);
    leases.wake();
  }
  /// Lets the made-up time pass, up to the deadline, which is a stop.
  void advance(std::int64_t ns) {
    bool is_late = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const std::int64_t left = deadline_ns_ - setup_.now_ns;
      is_late = ns >= left;
      setup_.now_ns += is_late ? left : std::max<std::int64_t>(ns, 0);
    }
    if (is_late) request_stop(GANGER_STOP_DEADLINE);
  }
  std::int64_t deadline_ns() const { return deadline_ns_; }
  std::int64_t now_ns() const { return setup_.now_ns; }
  ganger_status sleep_ns(std::int64_t ns) {
    if (stop_reason() == GANGER_RUNNING) advance(ns);
    return stop_reason() == GANGER_RUNNING ? GANGER_OK : GANGER_CANCELLED;
  }

  /// The stop, or a sibling's failure where parallel() is running.
  std::int32_t stop_reason() const {
    if (const std::int32_t reason = stop.reason(); reason != GANGER_RUNNING) return reason;
    for (const group* g = innermost; g != nullptr; g = g->outer)
      if (g->first_failure != GANGER_OK) return GANGER_STOP_UPSTREAM;
    return GANGER_RUNNING;
  }

  /// Is this call one that may do `what`?
  bool allows(const call& c, const char* what) {
    if (!c.is_run) notes.bug(std::string(c.name) + " calls " + what + ", which is for run()");
    return c.is_run;
  }

  ganger_status param(const call& c, const std::string& name, std::uint64_t i, ganger_value* out) {
    const auto found = c.with->find(name);
    if (found == c.with->end()) {
      notes.bug("reads the parameter '" + name + "', which it does not declare");
      return GANGER_NO_RESOURCE;
    }
    if (i >= found->second.size()) return GANGER_NO_RESOURCE;
    *out = found->second[static_cast<std::size_t>(i)].borrowed();
    return GANGER_OK;
  }
  ganger_status input(const std::string& name, ganger_value* out) const {
    const auto found = setup_.inputs.find(name);
    if (found == setup_.inputs.end()) return GANGER_NO_RESOURCE;
    *out = found->second.borrowed();
    return GANGER_OK;
  }
  ganger_status output(const std::string& name, const ganger_value& v) {
    static constexpr std::uint64_t most_bytes = 64 * 1024;
    static constexpr char name_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    if (name.empty() || name.size() > 63 || name.find_first_not_of(name_bytes) != std::string::npos ||
        v.type == GANGER_NONE || v.type > GANGER_SECRET)
      return GANGER_BAD_PARAM;
    ganger_status s = GANGER_OK;
    notes.write([&](result& r) {
      std::uint64_t bytes = 0;
      for (const auto& [other, old] : r.outputs)
        if (other != name) bytes += size_of(old);
      if (bytes + size_of(value(v)) <= most_bytes)
        r.outputs[name] = value(v);
      else
        s = GANGER_NO_MEMORY;
    });
    return s;
  }
  ganger_str work_dir() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (work_dir_.empty()) {
      std::string path = (std::filesystem::temp_directory_path() / "ganger-test-XXXXXX").string();
      if (::mkdtemp(path.data()) == nullptr) return {"", 0};
      work_dir_ = path;
      setup_.work_dirs.emplace_back(path);
    }
    return str(work_dir_);
  }

  ganger_status parallel(std::uint64_t n, ganger_status (*fn)(void*, std::uint64_t), void* user, std::uint32_t most) {
    group g(innermost);
    const auto work = [&] {
      innermost = &g;
      while (stop_reason() == GANGER_RUNNING) {
        const std::uint64_t i = g.next++;
        if (i >= n) break;
        std::int32_t none = GANGER_OK;
        if (const auto s = fn(user, i); s != GANGER_OK) g.first_failure.compare_exchange_strong(none, s);
        ++g.made;
      }
      innermost = g.outer;
    };
    const std::uint64_t threads = std::min({n, most == 0 ? n : most, std::uint64_t{setup_.threads}});
    std::vector<std::thread> others;
    for (std::uint64_t t = 1; t < threads; ++t) {
      leases.add_threads(1);
      others.emplace_back([&] {
        work();
        leases.add_threads(-1);
      });
    }
    work();
    leases.add_threads(-1);  // waits for the others, so it gives nothing back
    for (auto& t : others) t.join();
    leases.add_threads(1);
    if (g.first_failure != GANGER_OK) return g.first_failure;
    return g.made == n ? GANGER_OK : GANGER_CANCELLED;
  }

  result finish(ganger_status status) {
    if (status == GANGER_CANCELLED && stop.reason() == GANGER_RUNNING)
      notes.bug("returned GANGER_CANCELLED although nothing asked it to stop");
    stop.close();
    leases.close();
    result r = notes.take();
    r.status = status;
    r.calls = calls_;
    return r;
  }

  record notes;
  stop_signal stop;
  lender leases;

  /// Gets the lines that are logged without a ctx.
  static inline std::atomic<running*> latest{nullptr};

 private:
  // One parallel() under way; `outer` is the one it is inside of.
  struct group {
    explicit group(const group* o) : outer(o) {}
    const group* outer;
    std::atomic<std::uint64_t> next{0}, made{0};
    std::atomic<std::int32_t> first_failure{GANGER_OK};
  };
  static inline thread_local const group* innermost = nullptr;

  static std::uint64_t size_of(const value& v) { return v.is_text() ? v.borrowed().u.s.n : 8; }

  ganger_status open(const pool& p, void** handle) {
    call c{this, &p.with, "open()", false};
    return p.kind->open(&table_, ctx_of(c), p.kind->user, handle);
  }

  setup& setup_;
  const ganger_host& table_;
  const std::int64_t deadline_ns_;
  std::atomic<std::uint64_t> calls_{0};
  std::mutex mutex_;  // of the clock's hand and the work directory
  std::string work_dir_;
};

}  // namespace ganger::testing

#endif  // GANGER_TESTING_RUN_HPP
