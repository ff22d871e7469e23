#include "marked_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;

namespace soak {

namespace {

/// As the tasks of mark.so, in a shell.
std::string command_text(const std::string& name, const fs::path& marks, const std::string& from, int ms) {
  return fmt::format(
      "with = {{ shell = 'echo \"start {0} $FROM\" >>{1}; sleep 0.{2:03}; echo \"end {0} {0}.$$\" >>{1}; "
      "echo \"token={0}.$$\"', outputs = \"env\", env = [\"FROM={3}\"",
      name, marks.string(), ms, from);
}

}  // namespace

MarkedJob::MarkedJob(Random& random, const fs::path& dir, const JobWishes& wishes)
    : file_(dir / "job.toml"), marks_(dir / "marks") {
  for (int i = 0; i < wishes.tasks; ++i) {
    MarkedTask task{.name = fmt::format("t{}", i)};
    task.is_command = wishes.with_commands && pick(random, 0, 3) == 0;
    task.is_idempotent = !task.is_command && (wishes.all_idempotent || pick(random, 0, 1) == 0);
    task.is_isolated = wishes.all_isolated || pick(random, 0, 1) == 0;
    if (wishes.are_dependent && i > 0) {
      const int last = i - 1, first = std::max(0, i - 8);
      std::set<std::size_t> before;
      for (int count = pick(random, 0, 2); count > 0; --count)
        before.insert(static_cast<std::size_t>(pick(random, first, last)));
      task.after.assign(before.begin(), before.end());
    }
    by_name_[task.name] = tasks_.size();
    tasks_.push_back(std::move(task));
  }
  write(wishes, random);
  std::ofstream(marks_).flush();
}

void MarkedJob::write(const JobWishes& wishes, Random& random) const {
  std::ofstream out(file_);
  out << "grace = \"2s\"\nworkers = 4\n";
  for (const MarkedTask& task : tasks_) {
    const std::string from =
        task.after.empty() ? "-" : fmt::format("${{tasks.{}.token}}", tasks_[task.after.front()].name);
    const int ms = pick(random, 0, wishes.most_ms);
    out << fmt::format("\n[[task]]\nname = \"{}\"\nuses = \"{}\"\nisolate = \"{}\"\nheavy = {}\n", task.name,
                       task.is_command      ? "exec.run"
                       : task.is_idempotent ? "mark.again"
                                            : "mark.once",
                       task.is_isolated ? "process" : "thread", pick(random, 0, 1) == 0);
    if (wishes.retries > 0 && task.is_idempotent)
      out << fmt::format("retries = {}\nbackoff = \"1ms\"\n", wishes.retries);
    if (task.is_command)
      out << command_text(task.name, marks_, from, ms)
          << (task.is_isolated ? "] }\n" : fmt::format(", \"{}=1\"] }}\n", kMayOutlive));
    else
      out << fmt::format("with = {{ file = \"{}\", name = \"{}\", take = \"{}ms\", from = \"{}\" }}\n",
                         marks_.string(), task.name, ms, from);
    out << "after = [";
    for (const std::size_t before : task.after) out << fmt::format("\"{}\", ", tasks_[before].name);
    out << "]\n";
    if (task.is_isolated) out << fmt::format("[task.sandbox]\nwrite = [\"{}\", \"/dev/null\"]\n", marks_.string());
  }
}

std::vector<Mark> MarkedJob::marks() const {
  std::vector<Mark> all;
  std::istringstream text(read_all(marks_));
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    std::string what, task, token, more;
    if (!(words >> what >> task >> token) || words >> more || (what != "start" && what != "end") ||
        !by_name_.contains(task))
      throw Broken("a mark that nobody can have made: " + line);
    all.push_back({.is_end = what == "end", .task = task, .token = token});
  }
  return all;
}

std::set<std::string> MarkedJob::final_by(const std::vector<Mark>& marks) const {
  std::set<std::string> all;
  for (const Mark& mark : marks)
    if (!mark.is_end)
      for (const std::size_t before : tasks_[by_name_.at(mark.task)].after) all.insert(tasks_[before].name);
  return all;
}

void MarkedJob::expect_complete() const {
  std::map<std::string, std::set<std::string>> passed_on;
  const auto all = marks();
  for (const Mark& mark : all)
    if (mark.is_end) passed_on[mark.task].insert(mark.token);
  for (const MarkedTask& task : tasks_)
    if (!passed_on.contains(task.name)) throw Broken(fmt::format("task {} is lost: it has never ended", task.name));
  for (const Mark& mark : all) {
    const MarkedTask& task = tasks_[by_name_.at(mark.task)];
    if (mark.is_end || task.after.empty()) continue;
    const std::string& before = tasks_[task.after.front()].name;
    if (!passed_on[before].contains(mark.token))
      throw Broken(fmt::format("task {} was given '{}', which {} has not passed on", task.name, mark.token, before));
  }
}

}  // namespace soak
