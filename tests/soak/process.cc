#include "process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>
#include <utility>

namespace fs = std::filesystem;

namespace soak {

namespace {

/// Of processes that nobody has asked for yet.
std::map<pid_t, End>& ends() {
  static std::map<pid_t, End> all;
  return all;
}

/// Leaves no zombie: neither hosts nor orphans that we adopted.
void reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    ends()[pid] = WIFEXITED(status) ? End{.code = WEXITSTATUS(status)} : End{.signal = WTERMSIG(status)};
}

void pause_a_little() { std::this_thread::sleep_for(milliseconds(2)); }

bool is_number(const std::string& text) { return text.find_first_not_of("0123456789") == std::string::npos; }

/// Nothing when it is gone or a zombie.
std::optional<Descendant> look_at(pid_t pid) {
  const fs::path dir = fs::path("/proc") / std::to_string(pid);
  const std::string stat = read_all(dir / "stat");
  const auto after_name = stat.rfind(')');
  if (after_name == std::string::npos) return std::nullopt;
  std::istringstream rest(stat.substr(after_name + 1));
  char state = 0;
  Descendant found{.pid = pid};
  rest >> state >> found.parent;
  if (state == 'Z' || state == 'X') return std::nullopt;
  found.command = read_all(dir / "cmdline");
  found.is_worker = found.command.find(std::string("\0__child", 8)) != std::string::npos;
  for (char& c : found.command)
    if (c == '\0') c = ' ';
  found.may_outlive_it = read_all(dir / "environ").find(kMayOutlive) != std::string::npos;
  return found;
}

}  // namespace

std::string read_all(const fs::path& file) {
  std::string text;
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char block[16384];
  // A file of /proc cannot be read to its end when its process ends meanwhile.
  for (ssize_t n = 0; (n = read(fd, block, sizeof block)) > 0;) text.append(block, static_cast<std::size_t>(n));
  close(fd);
  return text;
}

void write_all(const fs::path& file, const std::string& text) {
  if (!(std::ofstream(file, std::ios::binary) << text << std::flush)) throw Broken("cannot write " + file.string());
}

Host::Host(const std::vector<std::string>& command, fs::path said) : said_(std::move(said)) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, said_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  const int error = posix_spawn(&pid_, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw Broken(fmt::format("cannot start {}", command[0]));
  ends().erase(pid_);  // of an orphan that had this number before
}

Host::~Host() {
  kill();
  ends().erase(pid_);
}

std::optional<End> Host::poll() const {
  reap();
  const auto found = ends().find(pid_);
  if (found == ends().end()) return std::nullopt;
  return found->second;
}

End Host::wait(Clock::duration at_most) const {
  for (const auto until = Clock::now() + at_most; Clock::now() < until; pause_a_little())
    if (const auto end = poll()) return *end;
  throw Broken("the host did not end in time; it said: " + said());
}

End Host::kill() const {
  if (const auto end = poll()) return *end;
  ::kill(pid_, SIGKILL);
  for (;; pause_a_little())
    if (const auto end = poll()) return *end;
}

End Host::kill_with_workers() const {
  ::kill(pid_, SIGSTOP);
  for (const Descendant& one : descendants())
    if (one.parent == pid_ && one.is_worker) ::kill(one.pid, SIGKILL);
  return kill();
}

std::optional<Use> Host::use() const {
  const fs::path dir = fs::path("/proc") / std::to_string(pid_);
  std::istringstream status(read_all(dir / "status"));
  Use use;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) use.rss_kb = std::stol(line.substr(6));
  std::error_code ec;
  for (fs::directory_iterator entry(dir / "fd", ec), none; !ec && entry != none; entry.increment(ec)) ++use.fds;
  if (ec || use.rss_kb == 0 || use.fds == 0) return std::nullopt;
  return use;
}

int Host::threads() const {
  const std::string status = read_all(fs::path("/proc") / std::to_string(pid_) / "status");
  const auto at = status.find("\nThreads:");
  return at == std::string::npos ? 0 : std::stoi(status.substr(at + 9));
}

std::string Host::said() const { return read_all(said_); }

void adopt_orphans() { prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L); }

std::vector<Descendant> descendants(pid_t except) {
  reap();
  std::multimap<pid_t, Descendant> by_parent;
  std::error_code ec;
  for (fs::directory_iterator entry("/proc", ec), none; !ec && entry != none; entry.increment(ec)) {
    const std::string name = entry->path().filename();
    if (!is_number(name)) continue;
    if (auto found = look_at(static_cast<pid_t>(std::stol(name)))) by_parent.emplace(found->parent, *found);
  }
  std::vector<Descendant> all;
  std::vector<pid_t> parents{getpid()};
  while (!parents.empty()) {
    const auto [from, to] = by_parent.equal_range(parents.back());
    parents.pop_back();
    for (auto child = from; child != to; ++child) {
      parents.push_back(child->second.pid);
      if (child->second.pid != except) all.push_back(child->second);
    }
  }
  return all;
}

void expect_none_left(Clock::duration at_most) {
  const auto start = Clock::now();
  for (int times_empty = 0;; pause_a_little()) {
    const auto left = descendants();
    // Once may be a look at the wrong moment: a process can change its parent meanwhile.
    times_empty = left.empty() ? times_empty + 1 : 0;
    if (times_empty == 2) return;
    const auto waited = Clock::now() - start;
    for (const Descendant& one : left)
      if (waited > (one.may_outlive_it ? seconds(10) : at_most))
        throw Broken(fmt::format("process {} is left: {}", one.pid, one.command));
  }
}

}  // namespace soak
