// Column machine: what this machine needs for the steps that nobody gets around.
#include <fcntl.h>
#include <linux/futex.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/crew.h"

namespace ganger::bench {

namespace {

constexpr const char* kColumn = "machine";

void must(bool worked, const char* what) {
  if (!worked) throw std::runtime_error(what);
}

void clock_read(benchmark::State& state) {
  for ([[maybe_unused]] auto once : state) {
    double now = now_ns();
    benchmark::DoNotOptimize(now);
  }
  state.SetLabel(kColumn);
}

/// A cache line from one core to the other and back.
void measure_cache_line(benchmark::State& state) {
  alignas(64) std::atomic<std::uint32_t> ball{0};
  const std::uint32_t turns = scaled(300'000);
  const std::jthread other([&] {
    stay_on(1);
    for (std::uint32_t i = 0; i < turns; ++i) {
      while (ball.load(std::memory_order_acquire) != 2 * i + 1) continue;
      ball.store(2 * i + 2, std::memory_order_release);
    }
  });
  const double begin = now_ns();
  for (std::uint32_t i = 0; i < turns; ++i) {
    ball.store(2 * i + 1, std::memory_order_release);
    while (ball.load(std::memory_order_acquire) != 2 * i + 2) continue;
  }
  state.counters["cacheline_round_trip ns"] = (now_ns() - begin) / turns;
  state.SetLabel(kColumn);
}

/// From just before the wake to the first instruction of the thread that slept, on the other core.
void measure_futex_wake(benchmark::State& state) {
  std::atomic<std::uint32_t> word{0};
  std::atomic<double> ran{0};
  const std::uint32_t turns = scaled(1000);
  const auto futex = [&word](int operation, std::uint32_t value) {
    syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
  };
  const std::jthread other([&] {
    stay_on(1);
    for (std::uint32_t i = 0; i < turns; ++i) {
      while (word == i) futex(FUTEX_WAIT_PRIVATE, i);
      ran = now_ns();
    }
  });
  std::vector<double> times;
  for (std::uint32_t i = 0; i < turns; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    ran = 0;
    const double begin = now_ns();
    word = i + 1;
    futex(FUTEX_WAKE_PRIVATE, 1);
    while (ran == 0) sched_yield();
    times.push_back(ran - begin);
  }
  state.counters["futex_wake_run_p50.other_core ns"] = median(std::move(times));
  state.SetLabel(kColumn);
}

/// A byte to another process and back; each side stays on the processor it is given, or goes where it likes.
void measure_pipe(benchmark::State& state, const std::string& row, std::optional<int> cpu,
                  std::optional<int> other_cpu) {
  std::array<int, 2> there{};
  std::array<int, 2> back{};
  must(pipe2(there.data(), O_CLOEXEC) == 0 && pipe2(back.data(), O_CLOEXEC) == 0, "no pipe");
  const std::uint32_t turns = scaled(20'000);
  char byte = 0;
  const pid_t other = fork();
  if (other == 0) {
    if (other_cpu) stay_on(*other_cpu);
    for (std::uint32_t i = 0; i < turns; ++i)
      if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1) _exit(EXIT_FAILURE);
    _exit(EXIT_SUCCESS);
  }
  std::vector<double> times;
  std::jthread([&] {  // one of its own: a thread that has been told where to stay is no good for anything else
    if (cpu) stay_on(*cpu);
    for (std::uint32_t i = 0; i < turns; ++i) {
      const double begin = now_ns();
      must(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "a pipe broke");
      times.push_back(now_ns() - begin);
    }
  })
      .join();
  waitpid(other, nullptr, 0);
  for (const int end : {there[0], there[1], back[0], back[1]}) close(end);
  state.counters["pipe_round_trip_p50." + row + " us"] = median(std::move(times)) / 1e3;
  state.SetLabel(kColumn);
}

pid_t spawn_true() {
  std::array<char*, 2> argv{const_cast<char*>("/bin/true"), nullptr};
  pid_t child = 0;
  must(posix_spawn(&child, argv[0], nullptr, nullptr, argv.data(), environ) == 0, "cannot start /bin/true");
  return child;
}

void measure_spawn(benchmark::State& state) {
  std::vector<double> times;
  for (std::uint32_t i = 0; i < scaled(1000); ++i) {
    const double begin = now_ns();
    waitpid(spawn_true(), nullptr, 0);
    times.push_back((now_ns() - begin) / 1e3);
  }
  state.counters["posix_spawn_wait.true us"] = median(std::move(times));
  state.SetLabel(kColumn);
}

double cpu_ms() { return Usage::now().cpu_ms + Usage::now(RUSAGE_CHILDREN).cpu_ms; }

/// As whoever runs `at_once` commands at a time.
void measure_commands(benchmark::State& state, const std::string& row, std::uint32_t count, int at_once) {
  const double cpu_before = cpu_ms();
  const double begin = now_ns();
  std::uint32_t started = 0;
  int running = 0;
  for (std::uint32_t ended = 0; ended < count; ++ended, --running) {
    for (; running < at_once && started < count; ++running, ++started) spawn_true();
    must(waitpid(-1, nullptr, 0) > 0, "a child is lost");
  }
  state.counters["e2e." + row + ".wall ms/task"] = (now_ns() - begin) / 1e6 / count;
  state.counters["e2e." + row + ".cpu ms/task"] = (cpu_ms() - cpu_before) / count;
  state.SetLabel(kColumn);
}

/// A database as the journal has it: write-ahead log, synchronous=normal.
class Database {
 public:
  Database() {
    std::string pattern = std::filesystem::temp_directory_path() / "ganger-bench-XXXXXX";
    must(mkdtemp(pattern.data()) != nullptr, "no folder for the database");
    dir_ = pattern;
    must(sqlite3_open((dir_ / "rows.db").c_str(), &db_) == SQLITE_OK, "no database");
    run("pragma journal_mode = wal");
    run("pragma synchronous = normal");
    run("create table rows(id integer primary key, name text, began integer, ended integer, code integer)");
    sqlite3_prepare_v2(db_, "insert into rows(name, began, ended, code) values('task', ?, 2, 0)", -1, &insert_,
                       nullptr);
  }
  ~Database() {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* sql) { must(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql); }
  void insert(std::uint32_t number) {
    sqlite3_bind_int64(insert_, 1, number);
    must(sqlite3_step(insert_) == SQLITE_DONE, "insert");
    sqlite3_reset(insert_);
  }

 private:
  std::filesystem::path dir_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

void measure_database(benchmark::State& state) {
  Database database;
  std::vector<double> commits;
  for (std::uint32_t i = 0; i < scaled(2000); ++i) {
    const double begin = now_ns();
    database.insert(i);
    commits.push_back((now_ns() - begin) / 1e3);
  }
  const std::uint32_t rows = scaled(200'000);
  const double begin = now_ns();
  database.run("begin");
  for (std::uint32_t i = 0; i < rows; ++i) database.insert(i);
  database.run("commit");
  state.counters["sqlite_row_in_batch.wal_normal us"] = (now_ns() - begin) / 1e3 / rows;
  state.counters["sqlite_commit.wal_normal us"] = median(std::move(commits));
  state.SetLabel(kColumn);
}

}  // namespace

void register_rows() {
  measure_whole("spawn", measure_spawn, 1);
  measure_whole(
      "wide", [](benchmark::State& state) { measure_commands(state, "wide", scaled(10'000), 2); }, 1);
  measure_whole(
      "chain", [](benchmark::State& state) { measure_commands(state, "chain", scaled(1000), 1); }, 1);
  benchmark::RegisterBenchmark("clock_gettime", clock_read)->Repetitions(3);
  const auto pipes = [](const std::string& row, std::optional<int> cpu, std::optional<int> other_cpu) {
    measure_whole(
        "pipe." + row, [=](benchmark::State& state) { measure_pipe(state, row, cpu, other_cpu); }, 1);
  };
  pipes("free", {}, {});
  pipes("same_core", 0, 0);
  if (std::thread::hardware_concurrency() > 1) {
    pipes("other_core", 0, 1);
    measure_whole("cache_line", measure_cache_line);
    measure_whole("futex_wake", measure_futex_wake, 1);
  }
  measure_whole("database", measure_database, 1);
}

}  // namespace ganger::bench
