#include "host/secrets.h"

#include <gtest/gtest.h>

namespace ganger::host {
namespace {

TEST(Secrets, AreMaskedWhereverTheyStand) {
  Secrets secrets;
  secrets.add("hunter2");

  EXPECT_EQ(secrets.masked("hunter2, xhunter2x and hunter2hunter2"), "***, x***x and ***");
  EXPECT_TRUE(secrets.are_in("xhunter2x"));
  EXPECT_FALSE(secrets.are_in("hunter"));
}

TEST(Secrets, OneThatIsPartOfAnotherDoesNotLeaveTheRestBehind) {
  Secrets secrets;
  secrets.add("abcd");
  secrets.add("abcdef");

  EXPECT_EQ(secrets.masked("abcdef and abcd"), "*** and ***");
}

TEST(Secrets, ThatOverlapAreMaskedTogether) {
  Secrets secrets;
  secrets.add("abcdef");
  secrets.add("defghi");

  EXPECT_EQ(secrets.masked("<abcdefghi>"), "<***>");
}

TEST(Secrets, TooShortOnesAreLeftAlone) {
  Secrets secrets;
  secrets.add("");
  secrets.add("abc");

  EXPECT_FALSE(secrets.any());
  EXPECT_EQ(secrets.masked("abc as it is"), "abc as it is");
}

TEST(Secrets, EachLineOfOneIsASecretToo) {
  Secrets secrets;
  secrets.add("first line\r\n  second line \n}\nlast");

  EXPECT_EQ(secrets.masked("got 'first line', 'second line', } and last"), "got '***', '***', } and ***");
}

TEST(Secrets, BlanksAroundOneAreNoPartOfIt) {
  Secrets secrets;
  secrets.add("hunter2\n");

  EXPECT_EQ(secrets.masked("it is hunter2."), "it is ***.");
}

TEST(Secrets, WithControlCharactersIsMaskedAlsoOnceItIsPrintable) {
  Secrets secrets;
  secrets.add("hun\x1bter2");

  EXPECT_EQ(secrets.masked("hun\xEF\xBF\xBDter2"), "***");
}

TEST(Secrets, AreMaskedWhereATextWasCutInTheMiddleOfThem) {
  Secrets secrets;
  secrets.add("hunter2-hunter2");

  EXPECT_EQ(secrets.masked("'login hunter2-h...' failed"), "'login ***...' failed");
  EXPECT_EQ(secrets.masked("login hunt ..."), "login *** ...");
  EXPECT_EQ(secrets.masked("failed: ...ter2 | more"), "failed: ...*** | more");
  const std::string fill(2000, 'x');
  EXPECT_EQ(secrets.masked(fill + "hunter2-"), fill + "***");
  EXPECT_EQ(secrets.masked("2-hunter2" + fill), "***" + fill);
  EXPECT_EQ(secrets.masked("a hunter"), "a hunter") << "a short text was hardly cut";
}

TEST(Secrets, ACutGoesThroughNone) {
  Secrets secrets;
  secrets.add("hunter2");

  EXPECT_EQ(secrets.cut_after("0123456789", 4), 4U);
  EXPECT_EQ(secrets.cut_after("01hunter2-----", 4), 9U);
  EXPECT_EQ(secrets.cut_after("0123hunter2", 4), 4U);
  EXPECT_EQ(secrets.cut_after("012", 4), 3U);
}

TEST(Secrets, ASealedTextIsOpenedWhereTheSameSecretsAreKnown) {
  Secrets secrets, same, others, none;
  for (Secrets* s : {&secrets, &same}) {
    s->add("abcd");
    s->add("hunter2");
  }
  others.add("abcd");
  const std::string text = "<hunter2hunter2abcd> L3:S0,4;";

  const std::string sealed = secrets.sealed(text).value();

  EXPECT_EQ(sealed.find("hunter2"), std::string::npos);
  EXPECT_EQ(same.opened(sealed), text);
  EXPECT_EQ(others.opened(sealed), std::nullopt);
  EXPECT_EQ(none.opened(sealed), std::nullopt);
  EXPECT_EQ(Secrets::shown(sealed), "<*********> L3:S0,4;");
}

TEST(Secrets, ATextWithoutSecretsIsSealedAsItIs) {
  Secrets secrets;
  secrets.add("hunter2");

  EXPECT_EQ(secrets.sealed("plain"), "plain");
  EXPECT_EQ(secrets.opened("plain"), "plain");
  EXPECT_EQ(Secrets::shown("plain"), "plain");
}

TEST(Secrets, ATextThatLooksSealedIsNoWayToASecret) {
  Secrets secrets;
  secrets.add("hunter2");
  const std::string forged = secrets.sealed("hunter2").value();

  const std::string sealed = secrets.sealed(forged).value();

  EXPECT_EQ(secrets.opened(sealed), forged);
}

TEST(Secrets, WhatHoldsOnlyAPartOfOneCannotBeSealed) {
  Secrets secrets;
  secrets.add("hunter2");

  EXPECT_EQ(secrets.sealed("hunter..."), std::nullopt);
}

}  // namespace
}  // namespace ganger::host
