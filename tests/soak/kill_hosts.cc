// kill -9 of ganger at random moments, and then `resume`, until the run has finished.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "marked_job.h"
#include "soak.h"

namespace fs = std::filesystem;

namespace soak {

namespace {

constexpr int kExitUsage = 64, kExitNotFound = 66;
constexpr int kMostKillsOfARun = 8;

struct HostFigures {
  std::uint64_t kills = 0, with_workers = 0, resumes = 0, asked = 0, tasks = 0, starts = 0;
};

/// One run, however many sessions it takes.
class KilledRun {
 public:
  KilledRun(const Settings& settings, Random& random, const fs::path& dir, HostFigures& figures)
      : settings_(settings), random_(random), dir_(dir), figures_(figures), job_(random, dir, {}) {}

  /// Broken when a promise is. `length` is how long such a run takes; learned from those that nobody killed.
  void go(Clock::duration& length);

 private:
  std::vector<std::string> next_command();
  void take_names_of_unknown(const std::string& said);
  void note_what_is_final(const fs::path& events);
  void judge() const;

  const Settings& settings_;
  Random& random_;
  const fs::path dir_;
  HostFigures& figures_;
  MarkedJob job_;
  bool has_begun_ = false, reruns_ = false;
  int sessions_ = 0;
  std::map<std::string, std::size_t> may_start_;  ///< how often a task that is not idempotent may have started
  std::map<std::string, std::size_t> final_at_;   ///< tasks that ended for good -> how many marks there were then
};

std::vector<std::string> KilledRun::next_command() {
  std::vector<std::string> words{has_begun_ ? "resume" : "run"};
  if (!has_begun_) words.push_back(job_.file());
  if (!has_begun_) words.insert(words.end(), {"-P", fs::path(SOAK_PLUGINS)});
  if (reruns_) words.insert(words.end(), {"--assume", "rerun"});
  words.insert(words.end(), {"--events", dir_ / fmt::format("events{}", sessions_)});
  return settings_.command(std::move(words), dir_ / "state");
}

/// "tasks 't1' (was running ...), 't2' (crashed) may have done their work already ...": they, and no others, may
/// start once more.
void KilledRun::take_names_of_unknown(const std::string& said) {
  if (said.find("--assume") == std::string::npos) throw Broken("resume refuses, and not for unknown tasks: " + said);
  if (said.find(" more may have done") != std::string::npos) throw Broken("more unknown tasks than workers: " + said);
  for (auto from = said.find('\''); from != std::string::npos;) {
    const auto to = said.find('\'', from + 1);
    if (to == std::string::npos) break;
    const std::string task = said.substr(from + 1, to - from - 1);
    ++may_start_.try_emplace(task, 1).first->second;
    from = said.find('\'', to + 1);
  }
  if (said.find('\'') == std::string::npos) throw Broken("no names of unknown tasks in: " + said);
  ++figures_.asked;
}

void KilledRun::note_what_is_final(const fs::path& events) {
  const auto marks = job_.marks();
  std::set<std::string> final = job_.final_by(marks);
  const std::string text = read_all(events);
  for (const MarkedTask& task : job_.tasks()) {
    // The host has said so, and its last line may be torn.
    const std::string named = fmt::format("\"event\":\"task_finished\",\"task\":\"{}\"", task.name);
    const auto at = text.find(named);
    if (at == std::string::npos) continue;
    const auto line_end = text.find('\n', at);
    if (line_end == std::string::npos) continue;
    if (text.substr(at, line_end - at).find("\"outcome\":\"done\"") != std::string::npos) final.insert(task.name);
  }
  for (const std::string& task : final) final_at_.try_emplace(task, marks.size());
}

void KilledRun::judge() const {
  job_.expect_complete();
  const auto marks = job_.marks();
  std::map<std::string, std::size_t> starts;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (marks[i].is_end) continue;
    ++starts[marks[i].task];
    ++figures_.starts;
    const auto final = final_at_.find(marks[i].task);
    if (final != final_at_.end() && i >= final->second)
      throw Broken(fmt::format("task {} has ended for good before a kill, and ran again", marks[i].task));
  }
  for (const MarkedTask& task : job_.tasks()) {
    if (task.is_idempotent) continue;
    const auto may = may_start_.find(task.name);
    const std::size_t most = may == may_start_.end() ? 1 : may->second;
    if (starts[task.name] > most)
      throw Broken(fmt::format("task {} is not idempotent and started {} times; {} were allowed", task.name,
                               starts[task.name], most));
  }
}

void KilledRun::go(Clock::duration& length) {
  for (int kills = 0;; ++sessions_) {
    const auto start = Clock::now();
    const fs::path events = dir_ / fmt::format("events{}", sessions_);
    const Host host(next_command(), dir_ / fmt::format("said{}", sessions_));
    if (has_begun_) ++figures_.resumes;
    End end;
    if (kills < kMostKillsOfARun && pick(random_, 0, 9) < 8) {
      const auto most = std::chrono::duration_cast<std::chrono::microseconds>(length).count();
      const auto until = start + std::chrono::microseconds(std::uniform_int_distribution<long>(0, most)(random_));
      while (Clock::now() < until && !host.poll()) std::this_thread::sleep_for(std::chrono::microseconds(200));
      const bool is_with_workers = pick(random_, 0, 2) == 0;
      end = is_with_workers ? host.kill_with_workers() : host.kill();
      if (is_with_workers && end.signal == SIGKILL) ++figures_.with_workers;
    } else {
      end = host.wait(seconds(60));
      if (sessions_ == 0) length = Clock::now() - start;
    }
    expect_none_left(seconds(1));
    note_what_is_final(events);
    if (end.signal == SIGKILL) {
      ++kills;
      ++figures_.kills;
      has_begun_ = true;
      reruns_ = false;
    } else if (end.signal != 0) {
      throw Broken(fmt::format("the host died of signal {}: {}", end.signal, host.said()));
    } else if (end.code == 0) {
      break;
    } else if (has_begun_ && end.code == kExitNotFound && job_.marks().empty()) {
      has_begun_ = false;  // it was killed before it had written down that there is a run
    } else if (has_begun_ && end.code == kExitUsage && !reruns_) {
      take_names_of_unknown(host.said());
      reruns_ = true;
    } else {
      throw Broken(fmt::format("the host ended with {}: {}", end.code, host.said()));
    }
  }
  figures_.tasks += job_.tasks().size();
  judge();
}

}  // namespace

void soak_kills_of_hosts(const Settings& settings, Clock::duration length) {
  HostFigures figures;
  Clock::duration run_length = seconds(1);
  const auto rounds = repeat(settings, "hosts", length, [&](Random& random, const fs::path& dir) {
    KilledRun(settings, random, dir, figures).go(run_length);
  });
  fmt::print(
      "kill -9 of the host    runs {}  kills {} ({} with all workers)  resumes {}  asked {}  tasks {}  starts {}  "
      "lost 0  twice 0  left "
      "0\n",
      rounds, figures.kills, figures.with_workers, figures.resumes, figures.asked, figures.tasks, figures.starts);
  std::fflush(stdout);
}

}  // namespace soak
