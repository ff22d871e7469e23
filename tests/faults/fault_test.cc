#include "fault_test.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

namespace ganger::host::test {

using std::chrono::steady_clock;

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> all;
  const std::string process = "/proc/" + std::to_string(pid);
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator(process + "/task", gone)) {
    std::ifstream list(thread.path() / "children");
    for (pid_t child = 0; list >> child;) all.push_back(child);
  }
  return all;
}

namespace {

/// Waits for what was left to end by itself, which takes the kernel a moment where a parent was killed. How many had
/// to be killed instead.
std::size_t end_left_processes() {
  const auto limit = steady_clock::now() + std::chrono::seconds(2);
  std::set<pid_t> killed;
  for (;;) {
    const pid_t ended = waitpid(-1, nullptr, WNOHANG);
    if (ended < 0) return killed.size();
    if (ended > 0) continue;
    if (steady_clock::now() > limit) {
      for (const pid_t child : children_of(getpid()))
        if (kill(child, SIGKILL) == 0) killed.insert(child);
    }
    // Asked again rather than waited for: waitid() has no time limit, and SIGCHLD belongs to nobody in this process.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

FaultTest::FaultTest(bool is_isolated) : is_isolated_(is_isolated) { prctl(PR_SET_CHILD_SUBREAPER, 1); }

FaultTest::~FaultTest() { EXPECT_EQ(end_left_processes(), 0U) << "a process was left running"; }

std::string FaultTest::task(std::string_view name, std::string_view uses, std::string_view with,
                            std::string_view more) const {
  std::ostringstream text;
  text << "[[task]]\nname = \"" << name << "\"\nuses = \"" << uses << "\"\nwith = { " << with << " }\n";
  if (!is_isolated_) text << "isolate = \"thread\"\n";
  if (is_isolated_ && more.find("sandbox") == std::string_view::npos)
    text << "sandbox = { write = [\"" << folder_.string() << "\"] }\n";
  text << more << "\n";
  return text.str();
}

std::string FaultTest::witness(std::string_view after, std::string_view name) const {
  std::ostringstream text;
  text << "[[task]]\nname = \"" << name
       << "\"\nuses = \"faulty.mark\"\nisolate = \"thread\"\nwith = { file = " << path("seen") << ", text = \""
       << name << "\" }\nafter = [\"" << after << "\"]\nwhen = \"always\"\n";
  return text.str();
}

Process FaultTest::job(const std::string& tasks, std::vector<std::string> options) const {
  write("j.toml", tasks);
  options.insert(options.begin(), {"run", "j.toml", "-P", kFaulty, "-P", kHostile});
  return ganger(std::move(options));
}

Ended FaultTest::later(const std::string& verb, std::vector<std::string> options) const {
  options.insert(options.begin(), verb);
  return ganger(std::move(options)).end();
}

int FaultTest::count(const std::string& file, std::string_view line) const {
  std::istringstream text(read(file));
  int n = 0;
  for (std::string one; std::getline(text, one);) n += one == line ? 1 : 0;
  return n;
}

void FaultTest::wait_until(const std::function<bool()>& is_so) const {
  const auto limit = steady_clock::now() + std::chrono::seconds(30);
  while (!is_so()) {
    if (steady_clock::now() > limit) {
      ADD_FAILURE() << "waited in vain";
      return;
    }
    // What is waited for happens in other processes and their files, which send us nothing.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace ganger::host::test
