#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "host/cli/project_template.h"
#include "host/cli/verbs.h"
#include "host/plugin/description.h"
#include "host/plugin/search_path.h"
#include "host/report/say.h"
#include "host/text.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

/// What a plugin may be called, unless there is one of that name: the two could not be used together.
Result<void> check_name(const std::string& name, const Environment& environment) {
  if (!is_plugin_id(name))
    return failure(ErrorKind::usage,
                   fmt::format("new {}: the name of a plugin is a letter or digit and then letters, digits, '_', '-' "
                               "and '.', at most 63 of them, no capitals",
                               excerpt(name)));
  Environment only_prefix;
  only_prefix.executable = environment.executable;
  only_prefix.multiarch = environment.multiarch;
  for (const Candidate& c : SearchPath(only_prefix, {}, {}).candidates(name))
    if (c.exists)
      return failure(ErrorKind::usage, fmt::format("new {}: there is a plugin of that name, {}; take another name",
                                                   name, c.file.string()));
  return {};
}

/// Is that what the shell starts for `ganger`? CMake then finds the SDK beside it by itself, too.
bool is_in_path(const fs::path& executable) {
  const char* path = std::getenv("PATH");
  std::string_view folders = path != nullptr ? path : "";
  while (!folders.empty()) {
    const std::size_t colon = std::min(folders.find(':'), folders.size());
    std::error_code problem;
    const fs::path found = fs::path(folders.substr(0, colon)) / "ganger";
    if (fs::exists(found, problem)) return fs::equivalent(found, executable, problem);
    folders.remove_prefix(std::min(colon + 1, folders.size()));
  }
  return false;
}

/// A word of a command line.
std::string quoted(const std::string& word) {
  const bool is_plain = std::ranges::all_of(word, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '.' || c == '_' || c == '-' || c == '+';
  });
  if (is_plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

struct NextStep {
  std::string line, does;
};

std::vector<NextStep> commands(const std::string& name, const fs::path& executable) {
  const bool is_known = is_in_path(executable);
  const std::string ganger = is_known ? "ganger" : quoted(executable.string());
  const fs::path prefix = executable.parent_path().parent_path();
  std::vector<NextStep> all;
  const mode_t mask = umask(022);
  umask(mask);
  if ((mask & 022U) != 022U) all.push_back({"umask 022", "ganger opens no plugin that others can write"});
  all.push_back({"cd " + name, "the project"});
  all.push_back({"cmake -B build -DCMAKE_BUILD_TYPE=Release" +
                     (is_known ? "" : " -DCMAKE_PREFIX_PATH=" + quoted(prefix.string())),
                 "configures"});
  all.push_back({"cmake --build build", "builds build/" + name + ".so"});
  all.push_back({"ctest --test-dir build", "runs its test"});
  all.push_back({ganger + " run " + name + ".toml -P build", "runs the example job"});
  all.push_back({"cpack --config build/CPackConfig.cmake", "makes packages in build/packages"});
  return all;
}

std::string next_steps(const std::string& name, const ProjectTemplate& t, const fs::path& executable) {
  std::string text =
      fmt::format("{}: a plugin in {}, its test and an example job. What to do with it:\n\n", name, t.language);
  const std::vector<NextStep> all = commands(name, executable);
  std::size_t widest = 0;
  for (const NextStep& c : all) widest = std::max(widest, c.line.size());
  for (const NextStep& c : all) text += fmt::format("  {:<{}}  # {}\n", c.line, widest, c.does);
  return text;
}

}  // namespace

int new_verb(const Options& options) {
  const std::string& name = options.subject;
  const Environment environment = Environment::of_this_process();
  const auto chosen = find_template(options.lang);
  auto made = chosen ? check_name(name, environment) : tl::unexpected(chosen.error());
  if (made) {
    const fs::path prefix = environment.executable.parent_path().parent_path();
    made = make_project(prefix / "share/ganger/templates" / (*chosen)->lang, (*chosen)->word, name, name);
  }
  if (!made) {
    say(Errors{made.error()});
    return exit_code(made.error().kind);
  }
  if (!options.quiet) answer(next_steps(name, **chosen, environment.executable));
  return kExitOk;
}

}  // namespace ganger::host
