#include "host/plugin/memory_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace ganger::host {
namespace {

using Found = MemoryProbe::Found;
using Way = MemoryProbe::Way;

/// Two pages that can be read, and one behind them that cannot.
class Edge {
 public:
  Edge() : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    start_ = static_cast<char*>(mmap(nullptr, 3 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(end(), page_, PROT_NONE);
  }
  ~Edge() { munmap(start_, 3 * page_); }
  Edge(const Edge&) = delete;
  Edge& operator=(const Edge&) = delete;
  char* end() const { return start_ + 2 * page_; }
  std::size_t page() const { return page_; }

 private:
  std::size_t page_;
  char* start_ = nullptr;
};

const void* address(std::uintptr_t value) { return reinterpret_cast<const void*>(value); }

class MemoryProbeBothWays : public testing::TestWithParam<Way> {
 protected:
  MemoryProbe probe_{GetParam()};
};

TEST_P(MemoryProbeBothWays, CopiesWhatCanBeRead) {
  std::array<int, 5000> numbers{};
  numbers.back() = 42;
  std::array<int, 5000> copy{};

  EXPECT_TRUE(probe_.read(numbers.data(), copy.data(), sizeof numbers));

  EXPECT_EQ(copy, numbers);
}

TEST_P(MemoryProbeBothWays, AnswersFalseWhereAReadWouldCrash) {
  const Edge edge;
  std::array<char, 16> copy{};

  for (const void* wild : {address(0), address(1), address(0x123456789), address(~std::uintptr_t{0}),
                           address(~std::uintptr_t{0} - 7), address(std::uintptr_t{1} << 63U),
                           static_cast<const void*>(edge.end()), static_cast<const void*>(edge.end() - 8)})
    EXPECT_FALSE(probe_.read(wild, copy.data(), copy.size())) << wild;
}

TEST_P(MemoryProbeBothWays, ReadsOnAfterABadPointer) {
  const int number = 7;
  int copy = 0;

  EXPECT_FALSE(probe_.read(address(8), &copy, sizeof copy));
  EXPECT_TRUE(probe_.read(&number, &copy, sizeof copy));

  EXPECT_EQ(copy, 7);
}

TEST_P(MemoryProbeBothWays, TextUpToTheLastReadableByteIsWhole) {
  const Edge edge;
  const std::string text(edge.page() + 100, 'x');
  char* start = edge.end() - text.size() - 1;
  std::memcpy(start, text.c_str(), text.size() + 1);

  const auto read = probe_.text(start);

  EXPECT_EQ(read.found, Found::whole);
  EXPECT_EQ(read.text, text);
}

TEST_P(MemoryProbeBothWays, TextWithoutAnEndIsUnreadableOrUnterminated) {
  const Edge edge;
  std::memset(edge.end() - 100, 'x', 100);

  const auto off_the_edge = probe_.text(edge.end() - 100);
  const auto too_long = probe_.text(edge.end() - 100, 50);
  const auto wild = probe_.text(static_cast<const char*>(address(3)));

  EXPECT_EQ(off_the_edge.found, Found::unreadable);
  EXPECT_EQ(too_long.found, Found::unterminated);
  EXPECT_EQ(too_long.text, std::string(50, 'x'));
  EXPECT_EQ(wild.found, Found::unreadable);
}

TEST_P(MemoryProbeBothWays, TextOfExactlyTheLongestIsWhole) {
  const auto read = probe_.text("four", 4);

  EXPECT_EQ(read.found, Found::whole);
  EXPECT_EQ(read.text, "four");
  EXPECT_EQ(probe_.text("fives", 4).found, Found::unterminated);
}

TEST_P(MemoryProbeBothWays, PointersEndAtNull) {
  const int a = 1;
  const int b = 2;
  const std::array<const void*, 4> array = {&a, &b, nullptr, &a};

  const auto read = probe_.pointers(array.data());

  EXPECT_EQ(read.found, Found::whole);
  EXPECT_THAT(read.pointers, testing::ElementsAre(&a, &b));
}

TEST_P(MemoryProbeBothWays, PointersWithoutNullAreUnreadableOrUnterminated) {
  const Edge edge;
  const void* something = &edge;
  char* last_two = edge.end() - 2 * sizeof(void*);
  std::memcpy(last_two, &something, sizeof something);
  std::memcpy(last_two + sizeof something, &something, sizeof something);

  const auto off_the_edge = probe_.pointers(last_two);
  const auto too_many = probe_.pointers(last_two, 1);
  const auto wild = probe_.pointers(address(~std::uintptr_t{0} - 7));

  EXPECT_EQ(off_the_edge.found, Found::unreadable);
  EXPECT_EQ(off_the_edge.pointers.size(), 2U);
  EXPECT_EQ(too_many.found, Found::unterminated);
  EXPECT_EQ(wild.found, Found::unreadable);
}

INSTANTIATE_TEST_SUITE_P(Ways, MemoryProbeBothWays, testing::Values(Way::kernel_copy, Way::pipe),
                         [](const auto& way) { return way.param == Way::pipe ? "pipe" : "kernel_copy"; });

TEST(MemoryProbe, KnowsCodeFromData) {
  MemoryProbe probe;
  static int data = 0;
  const int on_the_stack = 0;

  EXPECT_TRUE(probe.is_code(reinterpret_cast<const void*>(&address)));
  EXPECT_TRUE(probe.is_code(reinterpret_cast<const void*>(&getpid)));
  EXPECT_FALSE(probe.is_code(&data));
  EXPECT_FALSE(probe.is_code(&on_the_stack));
  EXPECT_FALSE(probe.is_code(nullptr));
  EXPECT_FALSE(probe.is_code(address(~std::uintptr_t{0})));
}

TEST(MemoryProbe, KnowsCodeThatIsInNoLibrary) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const made = mmap(nullptr, page, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(made, MAP_FAILED);

  EXPECT_TRUE(MemoryProbe().is_code(made));

  munmap(made, page);
  EXPECT_FALSE(MemoryProbe().is_code(made));
}

}  // namespace
}  // namespace ganger::host
