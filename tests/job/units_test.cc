#include "host/units.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>

namespace ganger::host {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

TEST(Units, DurationsAreReadAsPeopleWriteThem) {
  EXPECT_EQ(parse_duration("7ns"), 7);
  EXPECT_EQ(parse_duration("7us"), 7'000);
  EXPECT_EQ(parse_duration("7µs"), 7'000);
  EXPECT_EQ(parse_duration("250ms"), 250'000'000);
  EXPECT_EQ(parse_duration("30s"), 30 * kSecond);
  EXPECT_EQ(parse_duration("10m"), 600 * kSecond);
  EXPECT_EQ(parse_duration("2h"), 7200 * kSecond);
  EXPECT_EQ(parse_duration("1d"), 86400 * kSecond);
  EXPECT_EQ(parse_duration("1h30m"), 5400 * kSecond);
  EXPECT_EQ(parse_duration("1.5s"), 1'500'000'000);
  EXPECT_EQ(parse_duration("0"), 0);
  EXPECT_EQ(parse_duration("0s"), 0);
}

TEST(Units, WhatIsNoDurationIsNotGuessedAt) {
  for (const char* text : {"",    " ",   "s",     "10",   "-1s",  "+1s",   "1 s", " 1s",   "1s ",  "10 minutes", "1S",
                           "1.s", ".5s", "1..5s", "1e3s", "1s1s", "30m1h", "1x",  "0x10s", "1s\n", "inf"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << '"' << text << '"';
  }
}

TEST(Units, FractionsAreExactOrRefused) {
  EXPECT_EQ(parse_duration("0.000000001s"), 1);
  EXPECT_EQ(parse_duration("0.1000000000000000000000000000s"), 100'000'000);
  EXPECT_EQ(parse_duration("0.00000000005m"), 3);
  EXPECT_EQ(parse_duration("0.0000000001s"), std::nullopt);
  EXPECT_EQ(parse_duration("0.5ns"), std::nullopt);
  EXPECT_EQ(parse_size("0.5KiB"), 512);
  EXPECT_EQ(parse_size("0.3KiB"), std::nullopt);
}

TEST(Units, WhatDoesNotFitIsRefusedAndDoesNotWrapAround) {
  EXPECT_EQ(parse_duration("9223372036854775807ns"), kLargest);
  EXPECT_EQ(parse_duration("9223372036854775808ns"), std::nullopt);
  EXPECT_EQ(parse_duration("106751d23h47m16s854ms775us807ns"), kLargest);
  EXPECT_EQ(parse_duration("106751d23h47m16s854ms775us808ns"), std::nullopt);
  EXPECT_EQ(parse_duration("106752d"), std::nullopt);
  EXPECT_EQ(parse_duration(std::string(1000, '9') + "s"), std::nullopt);
  EXPECT_EQ(parse_size("7EiB"), std::int64_t{7} << 60);
  EXPECT_EQ(parse_size("8EiB"), std::nullopt);
}

TEST(Units, SizesAreReadAsPeopleWriteThem) {
  EXPECT_EQ(parse_size("512"), 512);
  EXPECT_EQ(parse_size("512B"), 512);
  EXPECT_EQ(parse_size("64KiB"), 65536);
  EXPECT_EQ(parse_size("10MB"), 10'000'000);
  EXPECT_EQ(parse_size("3kB"), 3000);
  EXPECT_EQ(parse_size("3KB"), 3000);
  EXPECT_EQ(parse_size("2GiB"), std::int64_t{2} << 30);
  EXPECT_EQ(parse_size("1.5GB"), 1'500'000'000);
}

TEST(Units, WhatIsNoSizeIsNotGuessedAt) {
  for (const char* text : {"", "B", "-1", "1 MB", "1K", "1mb", "1MB1KB", "1.5.5MB", "0x10", "1e3"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << '"' << text << '"';
  }
}

TEST(Units, DurationsAreWrittenInTheLargestUnitThatIsWhole) {
  EXPECT_EQ(format_duration(0), "0s");
  EXPECT_EQ(format_duration(90 * kSecond), "90s");
  EXPECT_EQ(format_duration(1'500'000'000), "1500ms");
  EXPECT_EQ(format_duration(7200 * kSecond), "2h");
  EXPECT_EQ(format_duration(7000), "7us");
  EXPECT_EQ(format_duration(7001), "7001ns");
}

TEST(Units, SizesAreWrittenWithTheFewestDigits) {
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(format_size(513), "513");
  EXPECT_EQ(format_size(65536), "64KiB");
  EXPECT_EQ(format_size(10'000'000), "10MB");
  EXPECT_EQ(format_size(1'024'000), "1000KiB");
}

TEST(Units, WhatIsFormattedIsReadBackAsTheSame) {
  constexpr std::uint64_t kSeed = 20240229;
  std::mt19937_64 random(kSeed);
  constexpr std::int64_t kScales[] = {1, 1000, 1024, 1 << 20, 1'000'000, kSecond, 60 * kSecond, 86400 * kSecond};

  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t scale = kScales[random() % std::size(kScales)];
    const std::int64_t value = static_cast<std::int64_t>(random() >> (1 + random() % 63)) / scale * scale;

    EXPECT_EQ(parse_duration(format_duration(value)), value) << format_duration(value) << ", seed " << kSeed;
    EXPECT_EQ(parse_size(format_size(value)), value) << format_size(value) << ", seed " << kSeed;
  }
}

TEST(Units, TimesForPeopleHaveThreeDigits) {
  EXPECT_EQ(human_time(0), "0ns");
  EXPECT_EQ(human_time(412), "412ns");
  EXPECT_EQ(human_time(3'210'000), "3.21ms");
  EXPECT_EQ(human_time(12'400'000'000), "12.4s");
  EXPECT_EQ(human_time(125 * kSecond), "2m05s");
  EXPECT_EQ(human_time(3720 * kSecond), "1h02m");
  EXPECT_EQ(human_time(26 * 3600 * kSecond), "1d02h");
  EXPECT_EQ(human_time(-412), "-412ns");
}

TEST(Units, TimesForPeopleRoundIntoTheNextUnit) {
  EXPECT_EQ(human_time(999'499), "999us");
  EXPECT_EQ(human_time(999'500), "1.00ms");
  EXPECT_EQ(human_time(9'996'000), "10.0ms");
  EXPECT_EQ(human_time(59'940'000'000), "59.9s");
  EXPECT_EQ(human_time(59'960'000'000), "1m00s");
  EXPECT_EQ(human_time(3599'600'000'000), "1h00m");
  EXPECT_EQ(human_time(kLargest), "106752d00h");
  EXPECT_EQ(human_time(std::numeric_limits<std::int64_t>::min()), "-106752d00h");
}

}  // namespace
}  // namespace ganger::host
