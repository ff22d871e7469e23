#include "ganger_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <list>
#include <sstream>

namespace ganger::host::test {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

namespace {

/// What is there to be read now; false at the end.
bool read_some(int fd, std::string& into) {
  std::array<char, 65536> block;
  const ssize_t n = read(fd, block.data(), block.size());
  if (n > 0) into.append(block.data(), static_cast<std::size_t>(n));
  return n > 0;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

/// A limit of this process, for as long as this object lives.
class Limit {
 public:
  Limit(int resource, rlim_t most) : resource_(static_cast<__rlimit_resource>(resource)) {
    getrlimit(resource_, &before_);
    const rlimit now{std::min(most, before_.rlim_max), before_.rlim_max};
    setrlimit(resource_, &now);
  }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  ~Limit() { setrlimit(resource_, &before_); }

 private:
  __rlimit_resource resource_;
  rlimit before_{};
};

fs::path make_folder() {
  std::string name = (fs::temp_directory_path() / "ganger-cli-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no folder for the test: " << name;
  return name;
}

}  // namespace

std::string Ended::all() const {
  std::ostringstream text;
  text << "$ " << command << "\n-- stdout:\n" << out << "-- stderr:\n" << err << "-- exit code " << code;
  if (signal != 0) text << ", ended by signal " << signal;
  return text.str();
}

const Ended& Ended::exits(int wanted) const {
  EXPECT_EQ(code, wanted) << all();
  return *this;
}

const Ended& Ended::says(std::string_view text) const {
  EXPECT_NE(err.find(text), std::string::npos) << "stderr does not hold: " << text << "\n" << all();
  return *this;
}

const Ended& Ended::never_says(std::string_view text) const {
  EXPECT_EQ(err.find(text), std::string::npos) << "stderr holds: " << text << "\n" << all();
  return *this;
}

const Ended& Ended::prints(std::string_view text) const {
  EXPECT_NE(out.find(text), std::string::npos) << "stdout does not hold: " << text << "\n" << all();
  return *this;
}

const Ended& Ended::never_prints(std::string_view text) const {
  EXPECT_EQ(out.find(text), std::string::npos) << "stdout holds: " << text << "\n" << all();
  return *this;
}

const Ended& Ended::takes_less_than(std::chrono::nanoseconds limit) const {
  EXPECT_LT(took.count(), limit.count()) << all();
  return *this;
}

nlohmann::json Ended::json() const {
  auto parsed = nlohmann::json::parse(out, nullptr, false);
  EXPECT_FALSE(parsed.is_discarded()) << "stdout is no JSON\n" << all();
  return parsed;
}

pid_t Process::start(int out, int err) const {
  std::vector<std::string> words = {GANGER_PROGRAM}, variables;
  if (address_space_ != 0) {
    const std::string limit = "ulimit -v " + std::to_string(address_space_) + " && exec \"$0\" \"$@\"";
    words.insert(words.begin(), {"/bin/sh", "-c", limit});
  }
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  std::map<std::string, std::string> environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", folder_.string()}};
  // Without them its runtime sleeps a second at each end of a program with threads. Abandoned threads are left there.
  if (const char* options = std::getenv("TSAN_OPTIONS"))
    environment["TSAN_OPTIONS"] = std::string(options) + ":report_thread_leaks=0";
  for (const auto& [name, value] : environment_) environment[name] = value;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addchdir_np(&files, folder_.c_str());
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, stdin_.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
  if (has_full_disk_) posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/full", O_WRONLY, 0);
  if (!fd_3_.empty()) posix_spawn_file_actions_addopen(&files, 3, fd_3_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t pid = -1;
  std::list<Limit> limits;
  for (const auto& [resource, most] : limits_) limits.emplace_back(resource, most);
  if (ignored_ != 0) std::signal(ignored_, SIG_IGN);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // Whoever runs the tests may ignore some (nohup).
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGTSTP})
    if (signal != ignored_) sigaddset(&defaults, signal);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes,
                           static_cast<short>(POSIX_SPAWN_SETSIGDEF | (is_job_ ? POSIX_SPAWN_SETPGROUP : 0)));
  const int failed = posix_spawn(&pid, words.front().c_str(), &files, &attributes, pointers(words).data(),
                                 pointers(variables).data());
  if (ignored_ != 0) std::signal(ignored_, SIG_DFL);
  limits.clear();
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  EXPECT_EQ(failed, 0) << GANGER_PROGRAM << " cannot be started";
  return failed == 0 ? pid : -1;
}

void Process::watch(pid_t pid, int out, int err, Ended& ended) {
  const auto limit = steady_clock::now() + longest_;
  auto next = signals_.begin();
  std::size_t seen = 0;
  std::array<pollfd, 2> streams = {pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  while (streams[0].fd >= 0 || streams[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limit - steady_clock::now());
    if (left.count() <= 0) {
      ADD_FAILURE() << "still running after " << std::chrono::duration<double>(longest_).count()
                    << " s: " << ended.command << "\n"
                    << ended.err;
      kill(pid, SIGKILL);
      break;
    }
    poll(streams.data(), streams.size(), static_cast<int>(left.count()));
    if (streams[0].revents != 0 && !read_some(out, ended.out)) streams[0].fd = -1;
    if (streams[1].revents != 0 && !read_some(err, ended.err)) streams[1].fd = -1;
    for (; next != signals_.end(); ++next) {
      const auto at = ended.err.find(next->once, seen);
      if (at == std::string::npos) break;
      seen = at + next->once.size();
      if (next->act) {
        next->act(pid);
      } else {
        kill(pid, next->number);
      }
    }
  }
}

Ended Process::end() {
  Ended ended;
  for (const std::string& word : arguments_) ended.command += (ended.command.empty() ? "ganger " : " ") + word;
  std::array<int, 2> out{}, err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) {
    ADD_FAILURE() << "no pipe";
    return ended;
  }
  if (has_closed_stdout_) close(out[0]);
  const auto started = steady_clock::now();
  const pid_t pid = start(out[1], err[1]);
  close(out[1]);
  close(err[1]);
  int status = 0;
  if (pid > 0) {
    watch(pid, has_closed_stdout_ ? -1 : out[0], err[0], ended);
    waitpid(pid, &status, 0);
  }
  ended.took = steady_clock::now() - started;
  if (WIFEXITED(status)) ended.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  if (!has_closed_stdout_) close(out[0]);
  close(err[0]);
  return ended;
}

GangerTest::GangerTest() : folder_(make_folder()) {}

GangerTest::~GangerTest() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string GangerTest::write(const std::string& name, std::string_view text) const {
  std::ofstream(folder_ / name) << text;
  return (folder_ / name).string();
}

std::string GangerTest::read(const std::string& name) const {
  std::ifstream file(folder_ / name);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace ganger::host::test
