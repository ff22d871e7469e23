// kill -9 of the processes that isolated tasks run in: in the middle of tasks, and between them.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <thread>

#include "marked_job.h"
#include "soak.h"

namespace fs = std::filesystem;

namespace soak {

namespace {

constexpr int kExitFailed = 3;
constexpr long kFdsMayVary = 16;  // those of calls under way
constexpr int kCrashesOfAPlugin = 3;

std::vector<Descendant> workers_of(const Host& host) {
  auto all = descendants(host.pid());
  std::erase_if(all, [&](const Descendant& one) { return !one.is_worker || one.parent != host.pid(); });
  return all;
}

/// How many tasks of the events ended as `outcome`.
std::size_t count_outcomes(const std::string& events, const std::string& outcome) {
  std::size_t count = 0;
  for (auto at = events.find("\"task_finished\""); at != std::string::npos;
       at = events.find("\"task_finished\"", at + 1)) {
    const auto line = events.substr(at, events.find('\n', at) - at);
    if (line.find("\"outcome\":\"" + outcome + "\"") != std::string::npos) ++count;
  }
  return count;
}

struct WorkerFigures {
  std::uint64_t kills = 0, tasks = 0, crashed = 0, failed_runs = 0;
};

/// Independent tasks, some of them tried again, and a few kills among them.
void kill_in_the_middle(const Settings& settings, Random& random, const fs::path& dir, WorkerFigures& figures) {
  const MarkedJob job(
      random, dir, {.tasks = 60, .all_isolated = true, .are_dependent = false, .with_commands = true, .retries = 9});
  const int most_kills = pick(random, 1, 6);
  const Host host(
      settings.command({"run", job.file(), "-P", SOAK_PLUGINS, "--keep-going", "--events", dir / "events"},
                       dir / "state"),
      dir / "said");
  int kills = 0;
  while (!host.poll()) {
    std::this_thread::sleep_for(milliseconds(pick(random, 1, 80)));
    const auto workers = workers_of(host);
    if (kills == most_kills || workers.empty()) continue;
    const auto victim = static_cast<std::size_t>(pick(random, 0, static_cast<int>(workers.size()) - 1));
    if (kill(workers[victim].pid, SIGKILL) == 0) ++kills;
  }
  const End end = host.wait(seconds(60));
  expect_none_left(seconds(1));

  const std::string events = read_all(dir / "events");
  const std::size_t crashed = count_outcomes(events, "crashed"), failed = count_outcomes(events, "failed"),
                    done = count_outcomes(events, "done");
  if (end.signal != 0 || (end.code != 0 && end.code != kExitFailed))
    throw Broken(fmt::format("the host ended with {}, signal {}: {}", end.code, end.signal, host.said()));
  if (end.code == 0) job.expect_complete();
  if ((end.code == 0) != (crashed + failed == 0)) throw Broken(fmt::format("exit code {} is not true", end.code));
  if (done + crashed + failed != job.tasks().size()) throw Broken("not every task has an outcome");
  if (static_cast<int>(crashed) > kills) throw Broken(fmt::format("{} kills, but {} tasks crashed", kills, crashed));
  if (failed > 0 && kills < kCrashesOfAPlugin) throw Broken(fmt::format("tasks failed after only {} kills", kills));
  std::map<std::string, int> starts;
  for (const Mark& mark : job.marks())
    if (!mark.is_end) ++starts[mark.task];
  for (const MarkedTask& task : job.tasks())
    if (!task.is_idempotent && starts[task.name] > 1)
      throw Broken(fmt::format("task {} is not idempotent and started {} times", task.name, starts[task.name]));
  figures.kills += static_cast<std::uint64_t>(kills);
  figures.tasks += job.tasks().size();
  figures.crashed += crashed;
  figures.failed_runs += end.code == 0 ? 0 : 1;
}

struct IdleFigures {
  std::uint64_t kills = 0, tasks = 0;
  Use first, last;
};

/// Isolated tasks with pauses between them, in which their processes are killed: nobody may notice.
void kill_between(const Settings& settings, Random& random, const fs::path& dir, IdleFigures& figures, int pairs) {
  std::string text;
  const fs::path marks = dir / "marks";
  for (int i = 0; i < pairs; ++i) {
    for (const char* how : {"process", "thread"})
      text += fmt::format(
          "[[task]]\nname = \"{0}{1}\"\nuses = \"mark.once\"\nisolate = \"{0}\"\n"
          "with = {{ file = \"{2}\", name = \"{0}{1}\", take = \"{3}ms\" }}\n{4}\n",
          how, i, marks.string(), how[0] == 't' ? 25 : 0,
          how[0] == 'p' ? fmt::format("[task.sandbox]\nwrite = [\"{}\"]", marks.string()) : "");
  }
  write_all(dir / "job.toml", text);
  write_all(marks, "");
  const Host host(settings.command({"run", dir / "job.toml", "-P", SOAK_PLUGINS}, dir / "state"), dir / "said");
  std::string seen;
  std::optional<Use> first, last;
  while (!host.poll()) {
    std::this_thread::sleep_for(milliseconds(1));
    const std::string now = read_all(marks);
    const auto pause = now.rfind("start thread");
    if (now.size() == seen.size() || pause == std::string::npos || now.find("end ", pause) != std::string::npos)
      continue;
    seen = now;
    for (const Descendant& worker : workers_of(host)) {
      // It may have been a long way to here.
      if (read_all(marks).size() != seen.size() || kill(worker.pid, SIGKILL) != 0) break;
      ++figures.kills;
    }
    if (auto use = host.use(); use && figures.kills > 0 && pick(random, 0, 3) == 0) {
      if (!first) first = use;
      last = use;
    }
  }
  const End end = host.wait(seconds(60));
  expect_none_left(seconds(1));
  if (end.code != 0)
    throw Broken(fmt::format("the host ended with {}, signal {}: {}", end.code, end.signal, host.said()));
  if (first && last->fds > first->fds + kFdsMayVary)
    throw Broken(fmt::format("descriptors grow: {} at first, {} at last", first->fds, last->fds));
  figures.tasks += static_cast<std::uint64_t>(pairs) * 2;
  if (first) figures.first = *first, figures.last = *last;
}

}  // namespace

void soak_kills_of_workers(const Settings& settings, Clock::duration length) {
  WorkerFigures figures;
  const auto rounds = repeat(settings, "workers", length, [&](Random& random, const fs::path& dir) {
    kill_in_the_middle(settings, random, dir, figures);
  });
  fmt::print(
      "kill -9 of workers      runs {}  kills {}  tasks {}  crashed {}  runs that failed {}  twice 0  left 0\n",
      rounds, figures.kills, figures.tasks, figures.crashed, figures.failed_runs);
  std::fflush(stdout);
}

void soak_idle_workers(const Settings& settings, Clock::duration length) {
  IdleFigures figures;
  const int pairs = std::max(10, static_cast<int>(std::chrono::duration_cast<milliseconds>(length).count() / 60));
  repeat(settings, "idle", seconds(0),
         [&](Random& random, const fs::path& dir) { kill_between(settings, random, dir, figures, pairs); });
  fmt::print("kill -9 of idle workers kills {}  tasks {}  lost 0  left 0  RSS {} -> {} KiB  descriptors {} -> {}\n",
             figures.kills, figures.tasks, figures.first.rss_kb, figures.last.rss_kb, figures.first.fds,
             figures.last.fds);
  std::fflush(stdout);
}

}  // namespace soak
