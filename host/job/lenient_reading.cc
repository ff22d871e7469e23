#include "host/job/lenient_reading.h"

#include <string_view>
#include <system_error>
#include <utility>

#include "host/job/read_file.h"
#include "host/job/read_job.h"
#include "host/job/source_text.h"
#include "host/job/toml_document.h"

namespace ganger::host {
namespace {

// Nobody waits for the names in more than that.
constexpr std::size_t kLargestCompletedFile = std::size_t{16} << 20U;

/// Where the next line begins that opens a table, after byte `from`; else the end.
std::size_t next_table(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    const std::size_t first = text.find_first_not_of(" \t", at + 1);
    if (first != std::string_view::npos && text[first] == '[') return at + 1;
  }
  return text.size();
}

}  // namespace

std::string without_broken_tables(const std::string& text) {
  std::string sound;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = next_table(text, at);
    std::string table = text.substr(at, end - at);
    // Without the task that it belongs to, [task.sandbox] would say that there is no list of tasks.
    const bool is_of_task = table.find_first_not_of(" \t") == table.find("[task.");
    if (!is_of_task && parse_toml(SourceText(table, ""))) sound += table;
    at = end;
  }
  return sound;
}

Job read_what_parses(const std::filesystem::path& file) {
  // A pipe would be waited for.
  std::error_code problem;
  if (!std::filesystem::is_regular_file(file, problem)) return {};
  const auto text = read_file(file, kLargestCompletedFile);
  if (!text) return {};
  JobReading reading = parse_job(*text, file);
  if (reading.ok() || !reading.job.tasks.empty() || !reading.job.params.empty()) return std::move(reading.job);
  return parse_job(without_broken_tables(*text), file).job;
}

}  // namespace ganger::host
