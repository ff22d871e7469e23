#include "host/plugin/search_path.h"

#include <sys/auxv.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

namespace fs = std::filesystem;

namespace ganger::host {

namespace {

constexpr const char* kBelowData = "ganger/plugins";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string reason(const std::error_code& problem, const char* when_missing) {
  if (problem == std::errc::no_such_file_or_directory || problem == std::errc::not_a_directory) return when_missing;
  if (problem == std::errc::permission_denied) return "permission denied";
  return problem.message();
}

Candidate candidate_in(const SearchFolder& folder, std::string_view id) {
  Candidate candidate{folder.path / (std::string(id) + ".so"), folder.origin, false, {}};
  std::error_code problem;
  if (!fs::is_directory(folder.path, problem)) {
    candidate.why_not = problem ? reason(problem, "no such folder") : "no such folder";
    return candidate;
  }
  // A dangling link exists here, so that it is reported and not stepped over.
  candidate.exists = fs::exists(fs::symlink_status(candidate.file, problem));
  if (!candidate.exists) candidate.why_not = problem ? reason(problem, "not there") : "not there";
  return candidate;
}

}  // namespace

Environment Environment::of_this_process() {
  Environment environment;
  environment.plugin_path = variable("GANGER_PLUGIN_PATH");
  environment.data_home = variable("XDG_DATA_HOME");
  environment.home = variable("HOME");
  std::error_code no_proc;
  environment.executable = fs::read_symlink("/proc/self/exe", no_proc);
#ifdef GANGER_MULTIARCH
  environment.multiarch = GANGER_MULTIARCH;
#endif
  environment.is_secure = getauxval(AT_SECURE) != 0;
  return environment;
}

SearchPath::SearchPath(const Environment& environment, const std::vector<fs::path>& option_folders,
                       const std::vector<fs::path>& job_folders) {
  for (const auto& folder : option_folders) add(folder, "-P");
  for (const auto& folder : job_folders) add(folder, "the job's plugins");
  if (!environment.is_secure) {
    add_variable(environment.plugin_path, "GANGER_PLUGIN_PATH");
    add_data_home(environment);
  } else if (!environment.plugin_path.empty()) {
    warnings_.push_back("GANGER_PLUGIN_PATH is ignored: this process has more rights than the one that set it");
  }
  add_prefix(environment);
}

void SearchPath::add(const fs::path& folder, const std::string& origin) {
  if (folder.empty()) {
    warnings_.push_back("an empty entry of " + origin + " is ignored: the current directory is never searched");
    return;
  }
  if (!folder.is_absolute()) {
    warnings_.push_back("'" + folder.string() + "' of " + origin + " is ignored: it is not an absolute path");
    return;
  }
  fs::path path = folder.lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  const bool is_known = std::any_of(folders_.begin(), folders_.end(), [&](const auto& f) { return f.path == path; });
  if (!is_known) folders_.push_back({std::move(path), origin});
}

void SearchPath::add_variable(std::string_view folders, const std::string& origin) {
  while (!folders.empty()) {
    const std::size_t colon = folders.find(':');
    add(fs::path(folders.substr(0, colon)), origin);
    if (colon == std::string_view::npos) return;
    folders.remove_prefix(colon + 1);
    if (folders.empty()) add({}, origin);  // "a:" ends with an empty entry
  }
}

void SearchPath::add_data_home(const Environment& environment) {
  // The XDG specification: a relative XDG_DATA_HOME counts as not set.
  if (!environment.data_home.empty()) {
    add(fs::path(environment.data_home) / kBelowData, "XDG_DATA_HOME");
    if (fs::path(environment.data_home).is_absolute()) return;
  }
  if (!environment.home.empty()) add(fs::path(environment.home) / ".local/share" / kBelowData, "~/.local/share");
}

void SearchPath::add_prefix(const Environment& environment) {
  if (!environment.executable.is_absolute()) return;
  const fs::path prefix = environment.executable.parent_path().parent_path();
  const std::string origin = "the installation";
  add(prefix / "lib" / kBelowData, origin);
  if (!environment.multiarch.empty()) add(prefix / "lib" / environment.multiarch / kBelowData, origin);
  add(prefix / "lib64" / kBelowData, origin);
}

std::vector<Candidate> SearchPath::candidates(std::string_view id) const {
  std::vector<Candidate> found;
  found.reserve(folders_.size());
  for (const auto& folder : folders_) found.push_back(candidate_in(folder, id));
  return found;
}

std::vector<Candidate> SearchPath::find_all() const {
  std::vector<Candidate> found;
  for (const auto& folder : folders_) {
    std::vector<fs::path> files;
    std::error_code problem;
    for (fs::directory_iterator it(folder.path, problem), end; !problem && it != end; it.increment(problem)) {
      std::error_code gone;
      if (it->path().extension() == ".so" && it->is_regular_file(gone)) files.push_back(it->path());
    }
    std::sort(files.begin(), files.end());
    for (auto& file : files) found.push_back({std::move(file), folder.origin, true, {}});
  }
  return found;
}

}  // namespace ganger::host
