// One run of a task under watch, in a child process: what `ganger check` tries and sweeps.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/isolate/process/process.h"
#include "host/report/json_text.h"
#include "host/stop/clock.h"
#include "host/stop/signals.h"

namespace ganger::host {

/// The first word on the command line of the child; the other is the process id of who asks.
inline constexpr std::string_view kTrialWord = "__trial";
/// The descriptors from which it reads its order and on which it answers.
inline constexpr int kTrialOrderFd = 3;
inline constexpr int kTrialAnswerFd = 4;

/// What is done to the task, at one of its calls.
enum class Disturbance : std::uint8_t { none, stop, stop_after, deadline, no_resource };
constexpr std::string_view name_of(Disturbance d) {
  constexpr std::string_view kNames[] = {"none", "stop", "stop after", "deadline", "failing acquire"};
  return kNames[static_cast<std::size_t>(d)];
}

/// A pool that the task is given.
struct TrialPool {
  std::string name, kind;
  std::vector<std::string> arguments;  ///< KEY=VALUE
};

/// Which task is tried, and with what. `${run.dir}` in arguments is the folder of one trial.
struct TrialTask {
  std::string type;                    ///< PLUGIN.TYPE
  std::vector<std::string> arguments;  ///< KEY=VALUE
  std::vector<TrialPool> pools;
  std::vector<std::filesystem::path> plugin_dirs;  ///< absolute, before all others
  std::uint32_t threads = 1;                       ///< of parallel(); with one its calls come in the same order
  Duration limit = std::chrono::seconds(60);       ///< for a run until something is done to it
  Duration grace = std::chrono::seconds(2);        ///< for what is left of it from then on
};

/// How a trial ended.
struct Trial {
  enum class End : std::uint8_t {
    returned,     ///< the task has
    died,         ///< a finding says how
    too_long,     ///< it was still running when its limit was over, with nothing done to it
    not_run,      ///< why says what kept it from being run
    interrupted,  ///< the user wants to leave
  };
  End end = End::not_run;
  std::int32_t status = 0;            ///< what it returned
  std::string why;                    ///< its own words, or what kept it from being run
  std::vector<std::string> findings;  ///< what no task may do or leave behind, one a line
  std::vector<std::string> files;     ///< that are there afterwards, relative to its folder, but for temporary ones
  std::uint64_t calls = 0;
  std::map<std::string, std::uint64_t, std::less<>> counts;  ///< calls by service
  std::vector<std::uint64_t> acquires;                       ///< which of the calls were acquire(), the first few
  std::string disturbed;                                     ///< the service of the call; empty = it was not made
  Duration took{};                                           ///< all of it, without the start of the process
  Duration ended_after{};                                    ///< from the call on
};

/// Runs trials, one after another. While it lives, interrupts end the trial and not the process. Thread: one.
class TrialRunner {
 public:
  TrialRunner();
  ~TrialRunner();
  TrialRunner(const TrialRunner&) = delete;
  TrialRunner& operator=(const TrialRunner&) = delete;

  /// Its process and its folder are gone when this returns.
  Trial run(const TrialTask& task, Disturbance disturbance = Disturbance::none, std::uint64_t call = 0);
  /// Why a task must not be tried of which nobody has said what it may do; empty = it may.
  static std::string why_unsafe();

 private:
  const std::set<pid_t> not_ours_;  // children that were there before
  Signals signals_;                 // before the first thread
  Spawner spawner_;
};

/// The child. Before anything else has been done in this process; leaves by _exit where it is one.
int run_trial(int argc, const char* const* argv);

}  // namespace ganger::host
