#include "host/cli/project_template.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <vector>

#include "host/descriptor.h"
#include "host/job/read_file.h"
#include "host/job/suggest.h"
#include "host/report/terminal.h"
#include "host/stop/signals.h"

namespace ganger::host {

namespace fs = std::filesystem;

namespace {

constexpr std::array<ProjectTemplate, 2> kTemplates = {{{"cpp", "C++", "hello"}, {"c", "C", "shout"}}};
constexpr std::size_t kLargestTemplate = 1024 * 1024;
constexpr mode_t kFolderMode = 0755, kFileMode = 0644, kProgramMode = 0755;  // less what the umask takes away

tl::unexpected<Error> cannot(ErrorKind kind, std::string_view what, const fs::path& path, int problem) {
  return failure(kind,
                 fmt::format("cannot {} {}: {}", what, path.string(), std::generic_category().message(problem)));
}

/// A folder beside the project, which takes its name once it is complete, and else goes away.
class Draft {
 public:
  explicit Draft(const fs::path& project)
      : project_(project),
        path_((project.parent_path() / ("." + project.filename().string() + ".XXXXXX")).string()) {}
  ~Draft() {
    std::error_code ignored;
    if (is_there_) fs::remove_all(path_, ignored);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  Result<void> make() {
    is_there_ = mkdtemp(path_.data()) != nullptr;
    if (!is_there_) return cannot(ErrorKind::cannot_create, "create", project_, errno);
    const mode_t mask = umask(0);
    umask(mask);
    if (chmod(path_.c_str(), kFolderMode & ~mask) != 0)
      return cannot(ErrorKind::cannot_create, "create", project_, errno);
    return {};
  }

  Result<void> write(const std::string& name, std::string_view text, bool is_program) const {
    const fs::path file = fs::path(path_) / name, told = project_ / name;
    Descriptor opened(
        ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, is_program ? kProgramMode : kFileMode));
    if (!opened.is_open()) return cannot(ErrorKind::cannot_create, "create", told, errno);
    if (!write_all(opened.get(), text)) return cannot(ErrorKind::io, "write", told, errno);
    if (::close(opened.release()) != 0) return cannot(ErrorKind::io, "write", told, errno);
    return {};
  }

  Result<void> take_its_name() {
    int failed = renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, project_.c_str(), RENAME_NOREPLACE);
    // Not every file system knows this; the other way also replaces nothing but an empty folder.
    if (failed != 0 && errno == EINVAL) failed = rename(path_.c_str(), project_.c_str());
    if (failed != 0) return cannot(ErrorKind::cannot_create, "create", project_, errno);
    is_there_ = false;
    return {};
  }

 private:
  const fs::path project_;
  std::string path_;
  bool is_there_ = false;
};

struct TemplateFile {
  std::string name, text;
  bool is_program;
};

/// The files right in that folder: folders in it, such as somebody's build, are not of the template.
Result<std::vector<TemplateFile>> read_template(const fs::path& folder) {
  std::error_code problem;
  std::vector<TemplateFile> files;
  for (fs::directory_iterator it(folder, problem), end; !problem && it != end; it.increment(problem)) {
    if (!it->is_regular_file(problem)) continue;
    auto text = read_file(it->path(), kLargestTemplate);
    if (!text) return cannot(ErrorKind::io, "read", it->path(), text.error());
    const bool is_program = (it->status(problem).permissions() & fs::perms::owner_exec) != fs::perms::none;
    files.push_back({it->path().filename().string(), std::move(*text), is_program});
  }
  if (problem || files.empty())
    return failure(
        ErrorKind::not_found,
        fmt::format("no template in {}; it comes with the package ganger-dev (ganger-devel)", folder.string()));
  return files;
}

}  // namespace

Result<const ProjectTemplate*> find_template(std::string_view lang) {
  std::vector<std::string_view> langs;
  std::string all;
  for (const ProjectTemplate& t : kTemplates) {
    if (t.lang == lang) return &t;
    langs.push_back(t.lang);
    all += (all.empty() ? "" : ", ") + std::string(t.lang);
  }
  return failure(ErrorKind::usage, fmt::format("--lang {}: it is one of {}{}", lang, all, did_you_mean(lang, langs)));
}

std::string renamed(std::string_view text, std::string_view word, std::string_view name) {
  std::string out;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word)) {
    const std::string_view behind = text.substr(at + word.size());
    out.append(text.substr(0, at)).append(behind.starts_with(',') ? word : name);
    text = behind;
  }
  return out.append(text);
}

Result<void> make_project(const fs::path& files, std::string_view word, std::string_view name,
                          const fs::path& project) {
  const auto from = read_template(files);
  if (!from) return tl::unexpected(from.error());
  std::error_code problem;
  if (fs::exists(fs::symlink_status(project, problem)))
    return cannot(ErrorKind::cannot_create, "create", project, EEXIST);

  const Signals until_all_is_there;
  Draft draft(project);
  auto done = draft.make();
  for (auto file = from->begin(); done && file != from->end(); ++file)
    done = draft.write(renamed(file->name, word, name), renamed(file->text, word, name), file->is_program);
  return done ? draft.take_its_name() : done;
}

}  // namespace ganger::host
