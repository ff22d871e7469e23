// faults_test [--table=FILE]: runs the tests, then puts what came of them into the table of FILE.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "fault_table.h"

namespace {

bool write_table(const std::string& file) {
  using namespace ganger::host::test;
  std::ifstream in(file);
  const std::string text = with_table({std::istreambuf_iterator<char>(in), {}}, table_of(all_tested()));
  if (text.empty()) {
    std::fprintf(stderr, "%s: there is no place for the table\n", file.c_str());
    return false;
  }
  std::ofstream out(file);
  out << text << std::flush;
  return out.good();
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const std::string option = argc == 2 ? argv[1] : "";
  constexpr const char* kTable = "--table=";
  if (argc > 1 && !option.starts_with(kTable)) {
    std::fprintf(stderr, "usage: %s [--gtest_...] [--table=FILE]\n", argv[0]);
    return 64;
  }
  const int failed = RUN_ALL_TESTS();
  if (!option.empty() && !write_table(option.substr(std::string(kTable).size()))) return 73;
  return failed;
}
