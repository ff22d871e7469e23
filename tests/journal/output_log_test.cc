#include "host/journal/output_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "tests/journal/journal_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::SizeIs;

class OutputLogTest : public testing::Test {
 protected:
  void append(std::uint32_t task, const Outputs& outputs) {
    must(must(OutputLog::open(file))->append(task, outputs));
  }
  OutputLog::All all() { return must(OutputLog::read(file)); }
  std::string text_of(std::uint32_t task, const std::string& name) { return all().at(task).at(name).text; }

  TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "outputs";
};

TEST_F(OutputLogTest, WhereThereIsNoFileNothingWasSet) { EXPECT_THAT(all(), IsEmpty()); }

TEST_F(OutputLogTest, AFileThatCannotBeReadIsAnErrorAndNotEmpty) {
  std::filesystem::create_directory(file);

  EXPECT_FALSE(OutputLog::read(file));
  EXPECT_FALSE(OutputLog::open(file));
}

TEST_F(OutputLogTest, GivesBackValuesOfEveryType) {
  Outputs set = outputs_of("text", std::string("a\xff\0b", 4));
  set.emplace("path", Value::of_text("/etc", GANGER_PATH));
  set.emplace("yes", Value::of_bool(true));
  set.emplace("least", Value::of_integer(std::numeric_limits<std::int64_t>::min()));
  set.emplace("size", Value::of_integer(64, GANGER_SIZE));
  set.emplace("tenth", Value::of_float(0.1));

  append(7, set);

  const Outputs got = all().at(7);
  ASSERT_THAT(got, SizeIs(set.size()));
  for (const auto& [name, value] : set) {
    EXPECT_EQ(got.at(name).type, value.type) << name;
    EXPECT_EQ(got.at(name).text, value.text) << name;
    EXPECT_EQ(value.is_text() ? 0 : got.at(name).i, value.is_text() ? 0 : value.i) << name;
  }
}

TEST_F(OutputLogTest, ASecretIsNamedAndNotWritten) {
  Outputs set;
  set.emplace("token", Value::of_text("hunter2", GANGER_SECRET));

  append(0, set);

  EXPECT_EQ(all().at(0).at("token").type, GANGER_SECRET);
  std::ifstream in(file, std::ios::binary);
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(in), {}), testing::Not(testing::HasSubstr("hunter2")));
}

TEST_F(OutputLogTest, WhatATaskSetsLaterTakesThePlaceOfAllItHad) {
  append(0, outputs_of("old", "1"));
  append(1, outputs_of("other", "2"));
  append(0, outputs_of("new", "3"));
  append(1, {});

  const auto all = this->all();

  EXPECT_THAT(all.at(0), ElementsAre(Key("new")));
  EXPECT_THAT(all.at(1), IsEmpty());
}

TEST_F(OutputLogTest, ARecordThatWasCutShortHidesNothingBeforeOrAfterIt) {
  append(0, outputs_of("a", "first"));
  append(1, outputs_of("a", "second"));
  for (auto size = std::filesystem::file_size(file) - 1; all().contains(1); --size)
    std::filesystem::resize_file(file, size);

  append(2, outputs_of("a", "third"));

  EXPECT_THAT(all(), ElementsAre(Key(0), Key(2)));
  EXPECT_EQ(text_of(2, "a"), "third");
}

TEST_F(OutputLogTest, NoByteOfARecordCanChangeUnnoticed) {
  append(0, outputs_of("a", "value"));
  std::ifstream in(file, std::ios::binary);
  const std::string good(std::istreambuf_iterator<char>(in), {});

  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    std::ofstream(file, std::ios::binary) << bad;
    EXPECT_THAT(all(), IsEmpty()) << "byte " << i;
  }
}

TEST_F(OutputLogTest, KeepsEveryRecordOfManyThreads) {
  constexpr std::uint32_t kThreads = 4, kEach = 200;
  const auto log = must(OutputLog::open(file));
  std::vector<std::jthread> threads;

  for (std::uint32_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&log, t] {
      for (std::uint32_t i = 0; i < kEach; ++i)
        EXPECT_TRUE(log->append(t * kEach + i, outputs_of("n", std::to_string(i))));
    });
  threads.clear();

  EXPECT_THAT(all(), SizeIs(kThreads * kEach));
  EXPECT_EQ(text_of(kEach + 5, "n"), "5");
}

TEST_F(OutputLogTest, WhatThereIsNoRoomForIsAnErrorAndLeavesNoPartOfItself) {
  const auto log = must(OutputLog::open(file));
  must(log->append(0, outputs_of("a", "first")));
  const auto size = std::filesystem::file_size(file);
  const auto appended = [&] {
    const LittleRoom room(size + 50);
    return log->append(1, outputs_of("a", std::string(100, 'x')));
  }();

  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().kind, ErrorKind::io);
  EXPECT_THAT(appended.error().message, testing::HasSubstr(file.string()));
  EXPECT_EQ(std::filesystem::file_size(file), size);
}

}  // namespace
}  // namespace ganger::host
