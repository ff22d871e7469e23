#include "host/job/read_job.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <tuple>
#include <utility>

#include "host/job/error_list.h"
#include "host/job/job_reader.h"
#include "host/job/read_file.h"
#include "host/job/reference_check.h"
#include "host/job/suggest.h"
#include "host/job/toml_document.h"

namespace ganger::host {
namespace {

/// A job of a million tasks takes about a quarter of it.
constexpr std::size_t kLargestJobFile = std::size_t{512} << 20U;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The job file next to `missing` whose name is nearest to it.
std::string neighbour_like(const std::filesystem::path& missing) {
  std::error_code failed;
  const std::filesystem::path folder = missing.has_parent_path() ? missing.parent_path() : ".";
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator each(folder, failed), end; !failed && each != end;
       each.increment(failed)) {
    if (each->path().extension() == ".toml") names.push_back(each->path().filename().string());
  }
  std::ranges::sort(names);
  const std::string wanted = missing.filename().string();
  if (std::ranges::find(names, wanted + ".toml") != names.end()) return " (did you mean '" + wanted + ".toml'?)";
  return did_you_mean(wanted, {names.begin(), names.end()});
}

Error cannot_read(const std::filesystem::path& file, int problem) {
  const Where where{.file = file.string()};
  if (problem == ENOENT || problem == ENOTDIR) {
    return {.kind = ErrorKind::not_found, .message = "no such job file" + neighbour_like(file), .where = where};
  }
  return {.kind = ErrorKind::io,
          .message = "cannot read the job file: " + std::generic_category().message(problem),
          .where = where};
}

/// A job that holds only what follows from the file's name.
Job empty_job(const std::filesystem::path& file) {
  std::error_code failed;
  Job job;
  job.file = std::filesystem::absolute(file, failed).lexically_normal();
  if (failed) job.file = file;
  job.dir = job.file.parent_path();
  job.name = job.file.stem().string();
  return job;
}

}  // namespace

JobReading read_job(const std::filesystem::path& file) {
  tl::expected<std::string, int> text = read_file(file, kLargestJobFile);
  if (!text) return {.job = empty_job(file), .errors = {cannot_read(file, text.error())}};
  return parse_job(std::move(*text), file);
}

JobReading parse_job(std::string text, const std::filesystem::path& file) {
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  JobReading reading{.job = empty_job(file), .errors = {}};
  Job& job = reading.job;
  job.source = std::make_shared<const SourceText>(std::move(text), file.string());

  const tl::expected<TomlTable, Error> document = parse_toml(*job.source);
  if (!document) {
    reading.errors = {document.error()};
    return reading;
  }
  ErrorList errors(job.source);
  JobReader reader(job, errors);
  reader.read(*document);
  check_references(job, reader.names(), errors);
  reading.errors = errors.take();
  return reading;
}

void sort_by_place(Errors& errors) {
  std::ranges::stable_sort(errors, {},
                           [](const Error& error) { return std::tuple(error.where.line, error.where.column); });
}

}  // namespace ganger::host
