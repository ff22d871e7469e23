#include "fault_table.h"

#include <gtest/gtest.h>

#include <cctype>
#include <sstream>

namespace ganger::host::test {

namespace {

constexpr const char* kBegin = "<!-- table: begin -->";
constexpr const char* kEnd = "<!-- table: end -->";

std::string side_of(const Row& row, const char* side, const char* why_not, const std::vector<Tested>& all) {
  std::string cell;
  for (const Tested& t : all) {
    if (t.suite != std::string(row.id) + side) continue;
    cell += (cell.empty() ? "" : "<br>") + ("**" + t.result + "**: ") + sentence_of(t.name);
  }
  if (!cell.empty()) return cell;
  return why_not == nullptr ? "no test" : std::string("– (") + why_not + ")";
}

}  // namespace

std::vector<Tested> all_tested() {
  std::vector<Tested> all;
  const auto* program = testing::UnitTest::GetInstance();
  for (int s = 0; s < program->total_test_suite_count(); ++s) {
    const auto* suite = program->GetTestSuite(s);
    const std::string name = suite->name();
    if (!name.ends_with("InProcess") && !name.ends_with("Isolated")) continue;
    for (int t = 0; t < suite->total_test_count(); ++t) {
      const auto* test = suite->GetTestInfo(t);
      std::string result;
      if (test->should_run()) {
        const auto* found = test->result();
        result = found->Passed() ? "passed" : found->Failed() ? "failed" : "skipped";
        if (found->Skipped()) result += std::string(" (") + found->GetTestPartResult(0).message() + ")";
      }
      all.push_back({name, test->name(), result});
    }
  }
  return all;
}

std::string sentence_of(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !text.empty()) text += ' ';
    text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return text;
}

std::vector<std::string> table_of(const std::vector<Tested>& all) {
  std::vector<std::string> lines = {"| # | fault | in-process | isolated |", "|---|---|---|---|"};
  for (const Row& row : kRows)
    lines.push_back(std::string("| ") + row.id + " | " + row.fault + " | " +
                    side_of(row, "InProcess", row.not_in_process, all) + " | " +
                    side_of(row, "Isolated", row.not_isolated, all) + " |");
  return lines;
}

std::vector<std::string> table_in(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream all(text);
  bool is_inside = false;
  for (std::string line; std::getline(all, line);) {
    if (line == kEnd) is_inside = false;
    if (is_inside) lines.push_back(line);
    if (line == kBegin) is_inside = true;
  }
  return lines;
}

std::string with_table(const std::string& text, const std::vector<std::string>& table) {
  const auto begin = text.find(kBegin), end = text.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos) return {};
  std::string lines = std::string(kBegin) + "\n";
  for (const std::string& line : table) lines += line + "\n";
  return text.substr(0, begin) + lines + text.substr(end);
}

std::string without_results(std::string line) {
  for (std::size_t at = 0; (at = line.find("**", at)) != std::string::npos;) {
    const auto end = line.find("**", at + 2);
    if (end == std::string::npos) break;
    line.erase(at, end + 2 - at);
  }
  return line;
}

}  // namespace ganger::host::test
