// A small run that is over, for what is said of it.
#pragma once
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "host/report/summary.h"

namespace ganger::host {

/// scan done in 2 s, hash failed after two attempts with an awkward reason, mail skipped.
struct ReportedRun {
  ReportedRun() {
    PlanBuilder builder;
    for (const char* name : {"scan", "hash", "mail"}) builder.add(name, PlannedTask{});
    builder.add_edge(0, 1);
    builder.add_edge(1, 2);
    plan = builder.build();
    record.tasks.resize(3);
    set(0, TaskState::done, std::chrono::seconds(2), 1);
    set(1, TaskState::failed, std::chrono::milliseconds(1500), 2);
    set(2, TaskState::skipped, Duration(0), 0);
    record.tasks[2].skip_reason = SkipReason::upstream;
    record.tasks[2].culprit = 1;
    record.reasons[1] = "no <\"space\"> & \033[31mcolour";
    record.retries = 1;
  }
  Summary summary() const {
    return {
        .names = names, .record = record, .pools = {}, .end = RunEnd::failed, .run_time = std::chrono::seconds(4)};
  }

  Plan plan;
  RunNames names{"run-7", "nightly", &plan};
  RunRecord record;

 private:
  void set(TaskIndex i, TaskState state, Duration run_time, std::uint16_t attempts) {
    TaskRecord& r = record.tasks[i];
    r.state = state;
    r.attempts = attempts;
    r.started = TimePoint(std::chrono::seconds(10));
    r.ended = r.started + run_time;
    ++record.counts[static_cast<std::size_t>(state)];
  }
};

/// A folder that is gone at the end of the test.
struct TestFolder {
  TestFolder() : path(mkdtemp((std::filesystem::temp_directory_path() / "report-XXXXXX").string().data())) {}
  ~TestFolder() { std::filesystem::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
  static std::string text_of(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(name).rdbuf();
    return text.str();
  }
  std::filesystem::path path;
};

}  // namespace ganger::host
