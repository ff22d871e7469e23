// A journal_subject, started and killed by a test.
#pragma once
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace ganger::host {

/// Thread: one. Killed at the end when it is still there.
class SubjectProcess {
 public:
  /// Shape: crash_at = the durable step after which it dies; 0 = none
  SubjectProcess(const std::string& mode, const std::filesystem::path& state, const std::string& run,
                 std::uint32_t tasks, unsigned threads = 1, unsigned long crash_at = 0) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    std::string args[] = {SUBJECT, mode, state.string(), run, std::to_string(tasks), std::to_string(threads)};
    std::vector<char*> argv;
    for (auto& a : args) argv.push_back(a.data());
    argv.push_back(nullptr);
    std::string crash = "GANGER_CRASH_AT=" + std::to_string(crash_at);
    std::vector<char*> environment{crash.data()};
    for (char** e = environ; *e != nullptr; ++e) environment.push_back(*e);
    environment.push_back(nullptr);
    const int problem = posix_spawn(&pid_, SUBJECT, &files, nullptr, argv.data(), environment.data());
    posix_spawn_file_actions_destroy(&files);
    close(in[0]);
    close(out[1]);
    in_ = in[1];
    out_ = out[0];
    if (problem != 0) throw std::runtime_error("cannot start " SUBJECT);
  }
  ~SubjectProcess() {
    if (pid_ > 0) kill_it();
    close(in_);
    close(out_);
  }
  SubjectProcess(const SubjectProcess&) = delete;
  SubjectProcess& operator=(const SubjectProcess&) = delete;

  /// The next line that it says; empty when there will be none.
  std::string line() {
    for (;;) {
      if (const auto end = heard_.find('\n'); end != std::string::npos) {
        std::string found = heard_.substr(0, end);
        heard_.erase(0, end + 1);
        return found;
      }
      char buffer[4096];
      const auto n = read(out_, buffer, sizeof buffer);
      if (n <= 0) return {};
      heard_.append(buffer, static_cast<std::size_t>(n));
    }
  }
  std::vector<std::string> all_lines() {
    std::vector<std::string> all;
    for (std::string l = line(); !l.empty(); l = line()) all.push_back(l);
    return all;
  }
  /// Waits for its end: the exit code, or minus the signal.
  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }
  int kill_it() {
    kill(pid_, SIGKILL);
    return wait();
  }

 private:
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
  std::string heard_;
};

}  // namespace ganger::host
