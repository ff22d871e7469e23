// Very many small tasks: what a task leaves behind would show.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <thread>

#include "soak.h"

namespace fs = std::filesystem;

namespace soak {

namespace {

constexpr long kMayGrowKb = 24 * 1024;  // what is read of files, and what an allocator keeps
constexpr long kTaskFdsMayVary = 32;    // those of calls under way; a leak in each task would be far more
/// Tasks that do nothing end faster than a disk takes what is written down of them, and none of that may be dropped.
constexpr long kEventBytes = 256;

struct Many {
  const char* what;
  int tasks;
  int events;                ///< in the journal, of a task; 0 = it is not recorded
  bool has_events_file;      ///< a million tasks would make many lines
  std::string header, task;  ///< of the job
};

/// Numbers of `"KEY":N` in lines with `event`.
std::vector<long> numbers_of(const std::string& events, const std::string& event, const std::string& key) {
  std::vector<long> all;
  const std::string named = "\"event\":\"" + event + "\"", number = "\"" + key + "\":";
  for (auto at = events.find(named); at != std::string::npos; at = events.find(named, at + 1)) {
    const auto found = events.find(number, at);
    if (found < events.find('\n', at)) all.push_back(std::atol(events.c_str() + found + number.size()));
  }
  return all;
}

/// In microseconds; of at least one value.
double quantile(std::vector<long>& ns, double part) {
  std::sort(ns.begin(), ns.end());
  return static_cast<double>(ns[static_cast<std::size_t>(part * static_cast<double>(ns.size() - 1))]) / 1000;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

struct Watched {
  Use first, most, last;
  double seconds = 0;
};

/// Starts to look when the job is read, which one thread does: then it has most of what it needs.
Watched watch(const Host& host) {
  Watched watched;
  std::optional<Clock::time_point> start;
  while (!host.poll()) {
    std::this_thread::sleep_for(milliseconds(start ? 5 : 1));
    if (!start && host.threads() < 2) continue;
    if (!start) start = Clock::now();
    if (const auto use = host.use()) {
      if (watched.first.fds == 0) watched.first = *use;
      watched.most = {std::max(watched.most.rss_kb, use->rss_kb), std::max(watched.most.fds, use->fds)};
      watched.last = *use;
      watched.seconds = std::chrono::duration<double>(Clock::now() - *start).count();
    }
  }
  return watched;
}

void expect_flat(const Many& many, const Watched& watched) {
  if (watched.most.fds > watched.first.fds + kTaskFdsMayVary)
    throw Broken(fmt::format("descriptors grow: {} at first, {} at most", watched.first.fds, watched.most.fds));
  const long waiting_kb = kEventBytes * many.events * many.tasks / 1024;
  if (watched.most.rss_kb > watched.first.rss_kb + kMayGrowKb + waiting_kb)
    throw Broken(fmt::format("memory grows: {} KiB at first, {} at most", watched.first.rss_kb, watched.most.rss_kb));
}

void expect_all_done(const Many& many, const fs::path& dir, const std::string& events) {
  const std::string metrics = read_all(dir / "metrics");
  if (metrics.find(fmt::format("outcome=\"done\"}} {}\n", many.tasks)) == std::string::npos)
    throw Broken(fmt::format("not all {} tasks are done", many.tasks));
  for (auto at = metrics.find("\nganger_pool_leaks"); at != std::string::npos;
       at = metrics.find("\nganger_pool_leaks", at + 1))
    if (metrics.compare(metrics.find('\n', at + 1) - 2, 2, " 0") != 0) throw Broken("leases are out at the end");
  if (count(events, "\"lease_acquired\"") != count(events, "\"lease_released\""))
    throw Broken("not every lease was given back");
}

std::string run_many(const Settings& settings, const Many& many, const fs::path& dir) {
  std::string text = many.header;
  for (int i = 0; i < many.tasks; ++i) text += fmt::format("[[task]]\nname = \"t{}\"\n{}\n", i, many.task);
  write_all(dir / "job.toml", text);
  std::vector<std::string> words{"run", dir / "job.toml", "--quiet", "--metrics", dir / "metrics"};
  if (many.events == 0) words.emplace_back("--no-history");
  if (many.has_events_file) words.insert(words.end(), {"--events", dir / "events"});
  const Host host(settings.command(std::move(words), dir / "state"), dir / "said");
  const Watched watched = watch(host);
  const End end = host.wait(seconds(1));
  if (end.code != 0)
    throw Broken(fmt::format("the host ended with {}, signal {}: {}", end.code, end.signal, host.said()));
  expect_none_left(seconds(1));
  std::string events = many.has_events_file ? read_all(dir / "events") : "";
  expect_all_done(many, dir, events);
  expect_flat(many, watched);
  fmt::print("{:<23} tasks {}  {:.1f} s  RSS {}, {} at most, {} KiB  descriptors {} -> {}  leases out 0  left 0\n",
             many.what, many.tasks, watched.seconds, watched.first.rss_kb, watched.most.rss_kb, watched.last.rss_kb,
             watched.first.fds, watched.last.fds);
  std::fflush(stdout);
  return events;
}

void print_times(const char* what, std::vector<long> ns) {
  if (ns.empty()) throw Broken("no run_ns in the events");
  fmt::print("{:<23} p50 {:.1f} us  p99 {:.1f} us  of {}\n", what, quantile(ns, 0.5), quantile(ns, 0.99), ns.size());
  std::fflush(stdout);
}

}  // namespace

void soak_many_tasks(const Settings& settings) {
  const bool is_short = settings.is_short();
  const std::string isolated = "uses = \"demo.noop\"\nisolate = \"process\"";
  const auto once = [&](const char* part, const Many& many, auto judge) {
    repeat(settings, part, seconds(0), [&](Random&, const fs::path& dir) { judge(run_many(settings, many, dir)); });
  };
  const auto nothing = [](const std::string&) {};
  const int most = is_short ? 100'000 : 1'000'000;
  once("small", {"no-op, no history", most, 0, false, "", "uses = \"demo.noop\""}, nothing);
  once("recorded", {"no-op, recorded", most, 3, false, "", "uses = \"demo.noop\""}, nothing);
  once("leases",
       {"with a lease", is_short ? 5'000 : 100'000, 6, true,
        "[pools.p]\nkind = \"demo.connection\"\nsize = 2\nlimit = 4\nwait = \"30s\"\n",
        "uses = \"demo.query\"\nwith = { qid = 1, max = \"0s\" }"},
       nothing);
  once("isolated", {"isolated no-op", is_short ? 2'000 : 20'000, 3, true, "", isolated},
       [](const std::string& events) {
         auto ns = numbers_of(events, "task_finished", "run_ns");
         if (!ns.empty()) ns.erase(ns.begin());  // it was cold
         print_times("isolated no-op, warm", std::move(ns));
       });
  std::vector<long> cold;
  repeat(settings, "cold", is_short ? seconds(1) : seconds(10), [&](Random&, const fs::path& dir) {
    write_all(dir / "job.toml", "[[task]]\nname = \"t\"\n" + isolated + "\n");
    const Host host(settings.command({"run", dir / "job.toml", "--events", dir / "events"}, dir / "state"),
                    dir / "said");
    if (host.wait(seconds(60)).code != 0) throw Broken("the host said: " + host.said());
    for (const long ns : numbers_of(read_all(dir / "events"), "task_finished", "run_ns")) cold.push_back(ns);
  });
  print_times("isolated no-op, cold", std::move(cold));
  once("commands",
       {"commands", is_short ? 300 : 2'000, 4, true, "", "uses = \"exec.run\"\nwith = { argv = [\"true\"] }"},
       nothing);
}

}  // namespace soak
