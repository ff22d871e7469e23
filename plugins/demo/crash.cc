#include "crash.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

// What is wrong here is meant to be, and no sanitizer is to tell it first.
#define DEMO_AS_IT_IS __attribute__((noinline, no_sanitize("undefined"), no_sanitize("address")))

namespace demo {

namespace {

// For compilers, which refuse recursion without an end and do not write to what they know to be nowhere.
volatile int deepest = -1;
volatile int* volatile nowhere = nullptr;
volatile unsigned long rounds = 0;

DEMO_AS_IT_IS void write_nowhere() { *nowhere = 1; }

// NOLINTNEXTLINE(misc-no-recursion): that is the point
DEMO_AS_IT_IS int recurse(int depth) {
  if (depth == deepest) return 0;
  volatile char room[1024];
  room[0] = static_cast<char>(depth);
  return recurse(depth + 1) + room[0];
}

[[noreturn]] void spin() {
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;
  sigaction(SIGTERM, &ignored, nullptr);
  for (;;) rounds = rounds + 1;
}

void take_all_memory() {
  constexpr std::size_t kBlock = 16U << 20U;
  std::vector<std::unique_ptr<char[]>> blocks;
  for (;;) {
    blocks.push_back(std::make_unique<char[]>(kBlock));
    // Touched, so that it is not only a promise.
    std::memset(blocks.back().get(), 1, kBlock);
  }
}

void write_garbage() {
  std::minstd_rand random(std::random_device{}());
  std::vector<char> bytes(4096);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
  for (int fd = 3; fd < 64; ++fd) {
    struct stat status {};
    if (fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode)) continue;
    // A rude plugin does not look whether it has worked.
    [[maybe_unused]] const ssize_t n = write(fd, bytes.data(), bytes.size());
  }
}

/// Between fork() and its end a process of several threads may hardly do more than these do.
void leave_orphan() {
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    sleep(3600);
    _exit(0);
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

void crash(std::string_view how) {
  if (how == "segv") write_nowhere();
  if (how == "abort") std::abort();
  if (how == "exit") std::exit(0);
  if (how == "stack") recurse(0);
  if (how == "spin") spin();
  if (how == "memory") take_all_memory();
  if (how == "garbage") write_garbage();
  if (how == "orphan") leave_orphan();
}

}  // namespace demo
