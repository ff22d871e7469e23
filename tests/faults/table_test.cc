// The README cannot say less, or more, than is tested.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "fault_table.h"

namespace ganger::host::test {

TEST(FaultTable, OfTheReadmeHasTheRowsAndTestsOfThisProgram) {
  std::ifstream file(GANGER_SOURCE_DIR "/tests/faults/README.md");
  std::vector<std::string> written = table_in({std::istreambuf_iterator<char>(file), {}});
  std::vector<std::string> wanted = table_of(all_tested());

  std::ranges::transform(written, written.begin(), without_results);
  std::ranges::transform(wanted, wanted.begin(), without_results);

  EXPECT_EQ(written, wanted) << "./dev faults writes it anew";
}

TEST(FaultTable, HasTestsForEachRowOnEachSideOrSaysWhyNot) {
  std::set<std::string> suites;
  for (const Tested& t : all_tested()) suites.insert(t.suite);

  for (const Row& row : kRows) {
    EXPECT_EQ(suites.contains(std::string(row.id) + "InProcess"), row.not_in_process == nullptr) << row.id;
    EXPECT_EQ(suites.contains(std::string(row.id) + "Isolated"), row.not_isolated == nullptr) << row.id;
  }
  EXPECT_EQ(suites.size(), 2 * kRows.size() - 3);
}

TEST(FaultTable, HasSentences) {
  EXPECT_EQ(sentence_of("ASegfaultEndsTheHost"), "a segfault ends the host");
  EXPECT_EQ(without_results("| E01 | x | **passed**: a<br>**skipped (no)**: b |"), "| E01 | x | : a<br>: b |");
}

}  // namespace ganger::host::test
