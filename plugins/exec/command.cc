#include "command.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ganger/utf8.hpp>
#include <ganger/value.hpp>
#include <random>

#include "spawn.h"

namespace ganger::exec {

namespace {

/// Where a program is looked for when there is no PATH, as execvp(3) does.
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";

bool is_shortage(int number) {
  return number == EMFILE || number == ENFILE || number == EAGAIN || number == ENOMEM || number == ENOSPC;
}

[[noreturn]] void fail_with(const std::string& what, int number) {
  throw error(is_shortage(number) ? GANGER_RETRY : GANGER_FAILED, what + ": " + text_of_errno(number));
}

/// One above those of stdin, stdout and stderr: what a child copies there must not be in each other's way.
Descriptor above_standard(int fd) {
  Descriptor low(fd);
  if (fd < 0 || fd > STDERR_FILENO) return low;
  Descriptor high(fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!high.is_open()) fail_with("no descriptor for the command's output", errno);
  return high;
}

struct Pipe {
  Descriptor from, to;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail_with("no pipe for the command's output", errno);
  Descriptor from(ends[0]), to(ends[1]);
  if (ends[0] <= STDERR_FILENO || ends[1] <= STDERR_FILENO) {
    Descriptor high_from(fcntl(ends[0], F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    to = Descriptor(fcntl(ends[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    from = std::move(high_from);
    if (!from.is_open() || !to.is_open()) fail_with("no pipe for the command's output", errno);
  }
  return {std::move(from), std::move(to)};
}

/// A file in memory instead of a pipe: nobody has to feed it, and a command that does not read it harms nobody.
Descriptor input_file(const std::string& text) {
  Descriptor file = above_standard(memfd_create("stdin", MFD_CLOEXEC));
  if (!file.is_open()) fail_with("no file for the command's stdin", errno);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = pwrite(file.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno != EINTR) fail_with("cannot write the command's stdin", errno);
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return file;
}

/// What those of this process begin with.
const std::string& cookie_of_process() {
  static const std::string cookie = [] {
    std::random_device random;
    return std::to_string(getpid()) + "-" + std::to_string(random()) + "-" + std::to_string(random()) + "-";
  }();
  return cookie;
}

std::string fresh_cookie() {
  static std::atomic<std::uint64_t> last{0};
  return cookie_of_process() + std::to_string(++last) + ";";
}

std::string_view name_of(std::string_view variable) { return variable.substr(0, variable.find('=')); }

/// The environment of a command: this process's, but for what it sets itself. Points into `added`.
std::vector<char*> environment(std::vector<std::string>& added) {
  std::vector<char*> all;
  const auto add = [&](char* variable) {
    const auto same = [&](const char* other) { return name_of(other) == name_of(variable); };
    if (const auto old = std::find_if(all.begin(), all.end(), same); old != all.end())
      *old = variable;
    else
      all.push_back(variable);
  };
  const auto is_added = [&](std::string_view variable) {
    return std::any_of(added.begin(), added.end(), [&](const auto& a) { return name_of(a) == name_of(variable); });
  };
  for (char** inherited = environ; inherited != nullptr && *inherited != nullptr; ++inherited)
    if (!is_added(*inherited)) all.push_back(*inherited);
  for (auto& variable : added) add(variable.data());
  all.push_back(nullptr);
  return all;
}

const char* value_of(const std::vector<char*>& environment, std::string_view name) {
  for (const char* variable : environment)
    if (variable != nullptr && name_of(variable) == name)
      return variable + std::min(name.size() + 1, std::strlen(variable));
  return nullptr;
}

/// Where the program may be, by the PATH of the command's own environment.
std::vector<std::string> places_of(const std::string& word, std::string_view path) {
  if (word.find('/') != std::string::npos) return {word};
  std::vector<std::string> places;
  for (;;) {
    const auto end = std::min(path.find(':'), path.size());
    const std::string folder(path.substr(0, end));
    places.push_back(folder.empty() ? "./" + word : folder + "/" + word);
    if (end == path.size()) return places;
    path.remove_prefix(end + 1);
  }
}

[[noreturn]] void fail_to_start(const Command& command, const char* path, int number) {
  const std::string word = "'" + printable(command.words[0]) + "'";
  struct stat folder {};
  if (!command.cwd.empty()) {
    const int wrong = stat(command.cwd.c_str(), &folder) != 0 ? errno : S_ISDIR(folder.st_mode) ? 0 : ENOTDIR;
    if (wrong != 0)
      throw error(GANGER_BAD_PARAM, "cwd '" + printable(command.cwd) + "' cannot be used: " + text_of_errno(wrong));
  }
  const bool is_searched = command.words[0].find('/') == std::string::npos;
  switch (number) {
    case ENOENT:
      if (is_searched)
        throw error(GANGER_BAD_PARAM, "there is no program " + word + " in PATH (" +
                                          printable(path != nullptr ? path : kDefaultPath) +
                                          "); give its whole path, or set PATH with env");
      throw error(GANGER_BAD_PARAM,
                  "there is no program " + word + ", or not the interpreter that its first line names");
    case ENOEXEC:
      throw error(GANGER_BAD_PARAM, word + " is no program; a script needs a first line such as #!/bin/sh");
    case EACCES:
      throw error(GANGER_BAD_PARAM, word + " may not be run: " + text_of_errno(number) +
                                        "; see its permissions and those"
                                        " of the folders above it");
    case E2BIG:
      throw error(GANGER_BAD_PARAM, "the words and the environment of " + word +
                                        " are too long for the system; give long text as stdin, or in a file");
    default:
      fail_with(word + " cannot be started", number);
  }
}

}  // namespace

Started start(const Command& command) {
  Started started;
  started.cookie = fresh_cookie();
  const char* around = std::getenv(kCookieVariable.data());
  std::vector<std::string> added = command.env;
  added.push_back(std::string(kCookieVariable) + "=" + (around != nullptr ? around : "") + started.cookie);
  Program program;
  program.environment = environment(added);
  for (const auto& word : command.words) program.words.push_back(const_cast<char*>(word.c_str()));
  program.words.push_back(nullptr);
  const char* path = value_of(program.environment, "PATH");
  const auto places = places_of(command.words[0], path != nullptr ? path : kDefaultPath);
  for (const auto& place : places) program.places.push_back(place.c_str());
  if (!command.cwd.empty()) program.cwd = command.cwd.c_str();

  Pipe out = make_pipe(), err = make_pipe();
  const Descriptor in = command.input.empty() ? Descriptor() : input_file(command.input);
  program.in = in.get();
  program.out = out.to.get();
  program.err = err.to.get();
  start_sweeper(cookie_of_process());
  Spawned spawned = spawn(program, started.watched.pid());
  if (spawned.failed != 0) fail_to_start(command, path, spawned.failed);

  started.watched.started(spawned.pid);
  started.pid = spawned.pid;
  started.pidfd = std::move(spawned.pidfd);
  started.out = std::move(out.from);
  started.err = std::move(err.from);
  return started;
}

}  // namespace ganger::exec
