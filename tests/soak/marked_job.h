// A job whose tasks mark their starts and ends in a file, and what that file says about promises.
#pragma once
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "soak.h"

namespace soak {

struct MarkedTask {
  std::string name;
  bool is_idempotent = false, is_isolated = false, is_command = false;
  std::vector<std::size_t> after{};  ///< the first of them passes something on
};

struct JobWishes {
  int tasks = 40;
  int most_ms = 20;  ///< that a task takes
  bool all_isolated = false, all_idempotent = false, are_dependent = true, with_commands = true;
  int retries = 0;
};

/// One line of the file.
struct Mark {
  bool is_end = false;
  std::string task;
  std::string token;  ///< of an end: what the task passes on; of a start: what it was given, or "-"
};

class MarkedJob {
 public:
  /// Writes `dir`/job.toml and an empty `dir`/marks.
  MarkedJob(Random& random, const std::filesystem::path& dir, const JobWishes& wishes);

  const std::filesystem::path& file() const { return file_; }
  const std::vector<MarkedTask>& tasks() const { return tasks_; }
  std::vector<Mark> marks() const;
  /// Tasks that have ended for good: something that comes after them has started. By name.
  std::set<std::string> final_by(const std::vector<Mark>& marks) const;

  /// Broken unless every task has ended and what each was given is what another has passed on.
  void expect_complete() const;

 private:
  void write(const JobWishes& wishes, Random& random) const;

  std::filesystem::path file_, marks_;
  std::vector<MarkedTask> tasks_;
  std::map<std::string, std::size_t> by_name_;
};

}  // namespace soak
