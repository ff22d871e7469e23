// Plans and runs for the tests of the journal.
#pragma once
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/journal/journal.h"
#include "tests/fakes/temporary_folder.h"

namespace ganger::host {

inline TaskType& fake_type() {
  static TaskType type = [] {
    TaskType t;
    t.id = "demo.echo";
    return t;
  }();
  return type;
}

inline Plan plan_of(const std::vector<std::string>& names) {
  PlanBuilder builder;
  for (const auto& name : names) builder.add(name, {.type = &fake_type()});
  return builder.build();
}

/// t0, t1, ...
inline Plan plan_of(std::uint32_t tasks) {
  PlanBuilder builder;
  for (std::uint32_t i = 0; i < tasks; ++i) builder.add("t" + std::to_string(i), {.type = &fake_type()});
  return builder.build();
}

inline RunHeader header_of(std::string run) {
  RunHeader header;
  header.run = std::move(run);
  header.job = "inventory";
  header.job_file = "/jobs/inventory.toml";
  header.current_dir = "/jobs";
  header.job_digest = "00ff";
  header.params = {{"root", "/etc"}, {"odd", std::string("a\xff\0b", 4)}};
  header.secret_params = {"token"};
  header.plugins = {{"demo", "1.2.3+abc"}};
  header.options = {"--keep-going", "--only=scan"};
  return header;
}

inline Result<std::unique_ptr<OpenRun>> resume(Journal& journal, const std::string& run, const Plan& plan) {
  auto lock = journal.claim(run);
  if (!lock) return tl::unexpected(std::move(lock).error());
  return journal.resume(*std::move(lock), header_of(run), plan);
}

/// A value where a Result must be one.
template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    throw std::runtime_error(result.error().message);
  }
  return *std::move(result);
}
inline void must(const Result<void>& result) {
  if (!result) ADD_FAILURE() << result.error().message;
}

inline Outputs outputs_of(std::string_view name, std::string text) {
  Outputs outputs;
  outputs.emplace(name, Value::of_text(std::move(text)));
  return outputs;
}

/// While it lives, no file of this process grows beyond so many bytes.
class LittleRoom {
 public:
  explicit LittleRoom(rlim_t bytes) : on_signal_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit little{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &little);
  }
  ~LittleRoom() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, on_signal_);
  }
  LittleRoom(const LittleRoom&) = delete;
  LittleRoom& operator=(const LittleRoom&) = delete;

 private:
  void (*const on_signal_)(int);
  rlimit before_{};
};

/// Events as the stream would number them.
class EventMaker {
 public:
  Event started(TaskIndex task, std::uint32_t attempt = 1) { return made(EventKind::task_started, task, attempt); }
  Event retry(TaskIndex task, std::uint32_t attempt, std::string why) {
    Event e = made(EventKind::task_retry, task, attempt);
    e.outcome = TaskState::failed;
    e.text = std::move(why);
    return e;
  }
  Event finished(TaskIndex task, TaskState outcome, std::uint32_t attempt = 1, std::string why = {}) {
    Event e = made(EventKind::task_finished, task, attempt);
    e.outcome = outcome;
    e.run = outcome == TaskState::skipped ? Duration(-1) : Duration(500);
    e.text = std::move(why);
    return e;
  }
  Event log(TaskIndex task, std::string line) {
    Event e = made(EventKind::task_log, task, 1);
    e.text = std::move(line);
    return e;
  }
  Event run_finished() { return made(EventKind::run_finished, kNoTask, 0); }

 private:
  Event made(EventKind kind, TaskIndex task, std::uint32_t attempt) {
    Event e{.kind = kind, .task = task};
    e.attempt = attempt;
    e.seq = ++seq_;
    e.time_ns = 1'000'000'000'000 + static_cast<std::int64_t>(seq_) * 1'000;
    return e;
  }
  std::uint64_t seq_ = 0;
};

}  // namespace ganger::host
