// ganger/testing_census.hpp - what the process holds, before and after a run: descriptors, threads, folder, signal
// handlers; part of ganger/testing.hpp.
#ifndef GANGER_TESTING_CENSUS_HPP
#define GANGER_TESTING_CENSUS_HPP

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace ganger::testing {

/// What a task could leave behind in the process. Linux: reads /proc.
class census {
 public:
  census() : descriptors_(list_descriptors()), threads_(list_threads()), handlers_(list_handlers()) {
    std::error_code failed;
    folder_ = std::filesystem::current_path(failed);
  }

  /// The descriptors and threads that are new since. A thread that is just ending gets a second for it.
  std::vector<std::string> left_since() const {
    std::vector<std::string> left;
    for (const auto& [fd, target] : list_descriptors())
      if (const auto old = descriptors_.find(fd); old == descriptors_.end() || old->second != target)
        left.push_back("descriptor " + fd + " (" + target + ")");

    auto more = new_threads();
    for (int ms = 0; ms < 1000 && !more.empty(); ++ms, more = new_threads())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (const auto& t : more) left.push_back("thread " + t);
    return left;
  }

  /// What of the process is not as it was.
  std::vector<std::string> changed_since() const {
    std::vector<std::string> changed;
    const census now;
    if (now.folder_ != folder_) changed.push_back("changed the working directory to " + now.folder_.string());
    for (std::size_t s = 0; s < handlers_.size(); ++s)
      if (now.handlers_[s] != handlers_[s])
        changed.push_back("changed the handler of signal " + std::to_string(s + 1));
    return changed;
  }

 private:
  using handler = void (*)(int);

  static std::map<std::string, std::string> list_descriptors() {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const auto target = std::filesystem::read_symlink(entry.path(), gone);
      // The descriptor of this very listing is one of them.
      const bool is_listing = target.filename() == "fd" && target.string().rfind("/proc/", 0) == 0;
      if (!gone && !is_listing) all.emplace(entry.path().filename().string(), target.string());
    }
    return all;
  }
  static std::set<std::string> list_threads() {
    // With the first thread of a process a sanitizer starts one of its own, which is nobody's leak.
    [[maybe_unused]] static const bool is_threaded = (std::thread([] {}).join(), true);
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
      all.insert(entry.path().filename().string());
    return all;
  }
  static std::vector<handler> list_handlers() {
    std::vector<handler> all;
    for (int s = 1; s <= SIGRTMAX; ++s) {
      struct sigaction now = {};
      sigaction(s, nullptr, &now);
      all.push_back(now.sa_handler);
    }
    return all;
  }
  std::vector<std::string> new_threads() const {
    std::vector<std::string> more;
    for (const auto& t : list_threads())
      if (threads_.count(t) == 0) more.push_back(t);
    return more;
  }

  std::map<std::string, std::string> descriptors_;
  std::set<std::string> threads_;
  std::vector<handler> handlers_;
  std::filesystem::path folder_;
};

}  // namespace ganger::testing

#endif  // GANGER_TESTING_CENSUS_HPP
