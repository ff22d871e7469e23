// Started by the tests of processes: says what it has been given, or starts more.
#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>

#include "host/isolate/process/process.h"
#include "host/isolate/process/process_tree.h"

namespace {

void say_descriptors() {
  std::set<int> open;
  DIR* all = opendir("/proc/self/fd");
  while (const dirent* item = readdir(all))
    if (const int fd = std::atoi(item->d_name); item->d_name[0] != '.' && fd != dirfd(all)) open.insert(fd);
  closedir(all);
  for (const int fd : open) std::printf("%d ", fd);
}

void say_signals() {
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, nullptr, &blocked);
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    struct sigaction action {};
    if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) std::printf("%d ignored ", signal);
    if (sigismember(&blocked, signal) == 1) std::printf("%d blocked ", signal);
  }
  std::printf(".");
}

void say_bytes_of(int fd) {
  char bytes[64];
  const ssize_t n = read(fd, bytes, sizeof bytes);
  std::printf("%d:%.*s ", fd, static_cast<int>(std::max<ssize_t>(n, 0)), bytes);
}

void say_number(pid_t pid) {
  std::printf("%d\n", pid);
  std::fflush(stdout);
}

[[noreturn]] void sleep_for_ever() {
  for (;;) pause();
}

/// Starts a process that waits for ever, says its number, and returns when it has a session of its own.
void start_sleeper() {
  int has_session[2];
  if (pipe(has_session) != 0) std::abort();
  const pid_t sleeper = fork();
  if (sleeper == 0) {
    setsid();
    for (const int end : has_session) close(end);
    sleep_for_ever();
  }
  close(has_session[1]);
  char end_of_file = 0;
  while (read(has_session[0], &end_of_file, 1) != 0) {
  }
  close(has_session[0]);
  say_number(sleeper);
}

/// Such a process that has no parent but who adopts it: the one between has ended and is reaped when this returns.
void start_orphan() {
  const pid_t between = fork();
  if (between != 0) {
    waitpid(between, nullptr, 0);
    return;
  }
  setsid();
  const pid_t sleeper = fork();
  if (sleeper == 0) sleep_for_ever();
  say_number(sleeper);
  _exit(0);
}

/// Each process of it starts the next one, in a session of its own, and ends.
[[noreturn]] void run_chain() {
  for (;;) {
    if (fork() > 0) _exit(0);
    setsid();
  }
}

/// Starts processes for as long as it runs, each in a session of its own.
void start_sleepers_for_ever() {
  for (;;) {
    if (fork() == 0) {
      setsid();
      sleep_for_ever();
    }
  }
}

/// As a user who may not end what has been started before.
void end_children_of_root() {
  if (fork() == 0) {
    for (int fd = 0; fd <= STDERR_FILENO; ++fd)
      close(fd);  // whoever reads what this process says waits for their end
    sleep_for_ever();
  }
  constexpr uid_t kNobody = 65534;
  if (setresuid(kNobody, kNobody, kNobody) != 0) std::abort();
  const auto ended = ganger::host::end_children([](pid_t) { return true; },
                                                std::chrono::steady_clock::now() + std::chrono::seconds(60));
  std::printf("%zu ended, %zu left", ended.running, ended.left);
}

[[noreturn]] void wait_for_ever() {
  std::fflush(stdout);
  sleep_for_ever();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "";
  const int number = argc > 2 ? std::atoi(argv[2]) : 0;
  if (how == "exit") return number;
  if (how == "die") std::raise(number);
  if (how == "descriptors") say_descriptors();
  if (how == "signals") say_signals();
  if (how == "group") std::printf("%s", getpgrp() == getpid() ? "own" : "another's");
  if (how == "environment")
    for (char** variable = environ; *variable != nullptr; ++variable) std::printf("%s ", *variable);
  if (how == "read")
    for (int i = 2; i < argc; ++i) say_bytes_of(std::atoi(argv[i]));
  if (how == "wait") {
    std::puts("ready");
    wait_for_ever();
  }
  if (how == "echo") {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int c = 0; (c = std::getchar()) != EOF;) {
      std::putchar(c);
      std::fflush(stdout);
    }
    wait_for_ever();
  }
  if (how == "family") {
    ganger::host::adopt_orphans();
    start_sleeper();
    start_orphan();
    std::puts("ready");
    wait_for_ever();
  }
  if (how == "orphan") start_orphan();
  if (how == "chain" && fork() == 0) run_chain();
  if (how == "crowd")
    for (int i = 0; i < number; ++i)
      if (fork() == 0) {
        setsid();
        sleep_for_ever();
      }
  if (how == "goes-on") {
    ganger::host::adopt_orphans();
    for (int i = 0; i < 2; ++i) std::thread(start_sleepers_for_ever).detach();
    usleep(10'000);
    ganger::host::end_with_descendants();
  }
  if (how == "not-ours") end_children_of_root();
  return 0;
}
