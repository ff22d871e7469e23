#include "host/job/suggest.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace ganger::host {
namespace {

TEST(Suggest, OneMistakeOfEachSortIsForgiven) {
  EXPECT_EQ(closest("aftr", {"name", "after"}), "after");
  EXPECT_EQ(closest("affter", {"name", "after"}), "after");
  EXPECT_EQ(closest("aftar", {"name", "after"}), "after");
  EXPECT_EQ(closest("atfer", {"name", "after"}), "after");
  EXPECT_EQ(closest("AFTER", {"name", "after"}), "after");
}

TEST(Suggest, LongerWordsMayHoldMoreMistakes) {
  EXPECT_EQ(closest("idle_tmeot", {"idle_timeout"}), "idle_timeout");
  EXPECT_EQ(closest("abc", {"xyc"}), std::nullopt);
}

TEST(Suggest, TheNearestIsChosenAndOfEqualsTheFirst) {
  EXPECT_EQ(closest("hash2", {"hash-2", "hash3", "hash21"}), "hash-2");
  EXPECT_EQ(closest("retires", {"retry", "retries"}), "retries");
}

TEST(Suggest, AWordWithoutItsEndIsForgiven) {
  EXPECT_EQ(closest("fail", {"ok", "failed", "always"}), "failed");
  EXPECT_EQ(closest("iso", {"name", "isolate"}), "isolate");
}

TEST(Suggest, WhatIsNothingLikeItIsNotSuggested) {
  EXPECT_EQ(closest("x", {"y"}), std::nullopt);
  EXPECT_EQ(closest("colour", {"name", "uses", "after"}), std::nullopt);
  EXPECT_EQ(closest("name", {}), std::nullopt);
  EXPECT_EQ(closest("", {"a"}), std::nullopt);
}

TEST(Suggest, AbsurdlyLongWordsAreComparedWithNothing) {
  const std::string longest(80, 'a');
  const std::string too_long(81, 'a');

  EXPECT_EQ(closest(longest, {longest}), longest);
  EXPECT_EQ(closest(longest, {too_long}), std::nullopt);
  EXPECT_EQ(closest(too_long, {longest}), std::nullopt);
}

TEST(Suggest, DidYouMeanIsAddedToAMessageOrNothingIs) {
  EXPECT_EQ(did_you_mean("aftr", {"after"}), " (did you mean 'after'?)");
  EXPECT_EQ(did_you_mean("colour", {"after"}), "");
}

TEST(Suggest, WhereNoneIsNearTheFirstFewAreListed) {
  EXPECT_EQ(did_you_mean_one_of("aftr", {"after", "name"}), " (did you mean 'after'?)");
  EXPECT_EQ(did_you_mean_one_of("x", {}), "; there are none");
  EXPECT_EQ(did_you_mean_one_of("colour", {"after"}), "; there is after");
  EXPECT_EQ(did_you_mean_one_of("colour", {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}),
            "; there are a, b, c, d, e, f, g, h and 2 more");
}

}  // namespace
}  // namespace ganger::host
