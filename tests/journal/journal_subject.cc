// A process that keeps a journal, for tests that kill it: journal_subject MODE STATE RUN TASKS THREADS
//
// write   begins the run, or resumes it, and does what is not done. Says what has returned: "s 3", "k 3", "e 3" for
//         started, outputs kept and ended; "running 3" for what it found in the middle.
// hold    begins or resumes the run, says "held", and waits for its input to end.
// full    begins the run and writes until the files of this process may grow no more. Says "full" when every promise
//         about trouble was kept.
// narrow  begins the run where not even its ledger has room.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/journal/journal.h"
#include "tests/journal/journal_fakes.h"

namespace ganger::host {
namespace {

void say(const std::string& line) {
  const std::string text = line + "\n";
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) _exit(5);
}

int give_up(const Error& error) {
  say("error " + error.message);
  return error.kind == ErrorKind::refused ? 77 : error.kind == ErrorKind::cannot_create ? 73 : 74;
}

void limit_files(rlim_t bytes) {
  signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{bytes, bytes};
  setrlimit(RLIMIT_FSIZE, &limit);
}

/// Does tasks as a run does them.
class Worker {
 public:
  explicit Worker(OpenRun& run) : run_(run), reporter_(run.reporter()) {}

  bool do_task(TaskIndex i) {
    run_.started(i);
    report([&] { return events_.started(i); });
    say("s " + std::to_string(i));
    if (!run_.keep_outputs(i, outputs_of("square", std::to_string(i * i)))) return false;
    say("k " + std::to_string(i));
    run_.ended(i, TaskState::done);
    say("e " + std::to_string(i));
    report([&] { return events_.finished(i, TaskState::done); });
    return true;
  }
  void end() {
    report([&] { return events_.run_finished(); });
  }

 private:
  template <class Make>
  void report(const Make& make) {
    const std::lock_guard lock(mutex_);
    reporter_->report(make());
    reporter_->idle();
  }

  OpenRun& run_;
  std::mutex mutex_;
  EventMaker events_;
  std::unique_ptr<Reporter> reporter_;
};

int write_run(Journal& journal, const std::string& id, const Plan& plan, unsigned threads) {
  std::vector<TaskEntryOfRun> known(plan.size());
  const auto entry = journal.find(id);
  if (entry) {
    auto read = journal.tasks(*entry);
    if (!read) return give_up(read.error());
    known = *std::move(read);
  }
  auto run = entry ? resume(journal, id, plan) : journal.begin(header_of(id), plan);
  if (!run) return give_up(run.error());
  for (TaskIndex i = 0; i < plan.size(); ++i)
    if (known[i].state == TaskState::running) say("running " + std::to_string(i));
  Worker worker(**run);
  std::vector<std::thread> all;
  for (unsigned t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      for (TaskIndex i = t; i < plan.size(); i += threads)
        if (known[i].state != TaskState::done && !worker.do_task(i)) return;
    });
  for (auto& t : all) t.join();
  worker.end();
  if (auto done = (*run)->finish("finished", 0); !done) return give_up(done.error());
  return 0;
}

int hold_run(Journal& journal, const std::string& id, const Plan& plan) {
  auto run = journal.find(id) ? resume(journal, id, plan) : journal.begin(header_of(id), plan);
  if (!run) return give_up(run.error());
  say("held");
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}

int fill_disk(Journal& journal, const std::string& id, const Plan& plan) {
  auto run = journal.begin(header_of(id), plan);
  if (!run) return give_up(run.error());
  int calls = 0;
  (*run)->on_trouble([&] { ++calls; });
  limit_files(256 * 1024);
  Worker worker(**run);
  TaskIndex i = 0;
  for (; i < plan.size(); ++i) {
    (*run)->started(i);
    if (!(*run)->keep_outputs(i, outputs_of("big", std::string(20'000, 'x')))) break;
    (*run)->ended(i, TaskState::done);
    say("e " + std::to_string(i));
  }
  const bool is_refused_later = !(*run)->keep_outputs(i, outputs_of("small", "y"));
  worker.end();
  const auto done = (*run)->finish("finished", 0);
  int late_calls = 0;
  (*run)->on_trouble([&] { ++late_calls; });
  const bool is_right = i < plan.size() && is_refused_later && calls == 1 && late_calls == 1 &&
                        (*run)->has_trouble() && !done && done.error().kind == ErrorKind::io &&
                        (*run)->trouble().message == done.error().message;
  say(is_right ? "full" : "wrong");
  return done ? 0 : give_up(done.error());
}

int main_of(const std::vector<std::string>& args) {
  if (args.size() != 5) return 64;
  const Plan plan = plan_of(static_cast<std::uint32_t>(std::stoul(args[3])));
  auto journal = Journal::open(args[1]);
  if (!journal) return give_up(journal.error());
  if (args[0] == "write") return write_run(**journal, args[2], plan, static_cast<unsigned>(std::stoul(args[4])));
  if (args[0] == "hold") return hold_run(**journal, args[2], plan);
  if (args[0] == "full") return fill_disk(**journal, args[2], plan);
  limit_files(plan.size() / 2);
  auto run = (*journal)->begin(header_of(args[2]), plan);
  return run ? 0 : give_up(run.error());
}

}  // namespace
}  // namespace ganger::host

int main(int argc, char** argv) { return ganger::host::main_of({argv + 1, argv + argc}); }
