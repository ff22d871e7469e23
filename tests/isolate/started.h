// Programs under tests/bin that a test starts, and what they say.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/isolate/process/process.h"

namespace ganger {

using namespace std::chrono_literals;

/// Far more than anything takes; a test that waits as long has failed.
inline host::TimePoint soon() { return std::chrono::steady_clock::now() + 60s; }

struct Pipe {
  host::Descriptor read;
  host::Descriptor write;
};

inline Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  return {host::Descriptor(ends[0]), host::Descriptor(ends[1])};
}

/// Up to the end of a line, or of the file.
inline std::string read_line(int fd) {
  std::string line;
  for (char c = 0;;) {
    const ssize_t n = read(fd, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || c == '\n') return line;
    line += c;
  }
}

inline std::string read_all(int fd) {
  std::string all;
  char bytes[4096];
  for (;;) {
    const ssize_t n = read(fd, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return all;
    all.append(bytes, static_cast<std::size_t>(n));
  }
}

/// What a program has said on stdout, stderr and descriptor 3, and how it ended.
struct Spoken {
  std::string out;
  host::ProcessEnd end;
};

/// `program` of tests/bin with arguments; without an environment.
inline host::Command subject(const std::string& program, const std::vector<std::string>& arguments) {
  host::Command command{.file = std::string(GANGER_BINARY_DIR "/tests/bin/") + program, .arguments = {program}};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  return command;
}

/// Runs it to its end with stdout and stderr in one pipe.
inline Spoken run_subject(host::Command command) {
  host::Spawner spawner;
  Pipe out = make_pipe();
  command.descriptors.emplace_back(out.write.get(), 1);
  command.descriptors.emplace_back(out.write.get(), 2);
  auto process = spawner.start(command);
  if (!process) throw std::runtime_error(process.error().message);
  out.write.reset();
  Spoken spoken{.out = read_all(out.read.get()), .end = {}};
  const auto end = process->wait(soon());
  if (!end) throw std::runtime_error("it does not end");
  spoken.end = *end;
  return spoken;
}

}  // namespace ganger
