#include "host/isolate/child_text.h"

#include <gtest/gtest.h>

#include <string>

namespace ganger::host {
namespace {

TEST(ChildText, WhatIsShortEnoughStaysWhole) {
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("", 0), "");
  EXPECT_EQ(cut(std::string(kMostTextBytes + 1, 'x')).size(), kMostTextBytes);
}

TEST(ChildText, NoCodePointIsCutInTwo) {
  const std::string two_euros = "\xe2\x82\xac\xe2\x82\xac";

  EXPECT_EQ(cut(two_euros, 6), two_euros);
  EXPECT_EQ(cut(two_euros, 5), "\xe2\x82\xac");
  EXPECT_EQ(cut(two_euros, 4), "\xe2\x82\xac");
  EXPECT_EQ(cut(two_euros, 3), "\xe2\x82\xac");
  EXPECT_EQ(cut(two_euros, 2), "");
}

}  // namespace
}  // namespace ganger::host
