#include "host/run/backoff.h"

#include <gtest/gtest.h>

namespace ganger::host {
namespace {

TEST(Backoff, IsAnythingUpToTheFirstDoubledWithEachFailedAttempt) {
  std::minstd_rand random(7);

  for (std::uint32_t failed = 1; failed <= 12; ++failed) {
    const Duration longest = std::chrono::seconds(1) * (1 << std::min(failed - 1, 10u));
    Duration most{0};
    for (int i = 0; i < 1000; ++i) {
      const Duration delay = jittered_backoff(std::chrono::seconds(1), failed, random);
      ASSERT_GE(delay, Duration(0));
      ASSERT_LE(delay, longest);
      most = std::max(most, delay);
    }
    EXPECT_GT(most, longest * 9 / 10) << "the whole range is used";
  }
}

TEST(Backoff, TheSameSeedGivesTheSameDelays) {
  std::minstd_rand one(7), two(7);

  for (std::uint32_t failed = 1; failed < 5; ++failed)
    EXPECT_EQ(jittered_backoff(std::chrono::seconds(1), failed, one),
              jittered_backoff(std::chrono::seconds(1), failed, two));
}

TEST(Backoff, NothingStaysNothingAndTheLongestDoesNotOverflow) {
  std::minstd_rand random(7);

  EXPECT_EQ(jittered_backoff(Duration(0), 5, random), Duration(0));
  for (int i = 0; i < 100; ++i) EXPECT_GE(jittered_backoff(Duration::max(), 11, random), Duration(0));
}

}  // namespace
}  // namespace ganger::host
