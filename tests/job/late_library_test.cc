#include "host/late_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ganger::host {
namespace {

using testing::HasSubstr;

using Cosine = double (*)(double);

TEST(LateLibrary, FindsFunctions) {
  Cosine cosine = nullptr;
  LateLibrary library("libm.so.6");

  library.find(cosine, "cos");

  EXPECT_EQ(library.problem(), "");
  EXPECT_EQ(cosine(0), 1);
}

TEST(LateLibrary, SaysWhichFunctionIsMissingFirst) {
  Cosine cosine = nullptr;
  LateLibrary library("libm.so.6");

  library.find(cosine, "no_such_function");
  library.find(cosine, "nor_this_one");

  EXPECT_EQ(library.problem(), "it has no no_such_function");
  EXPECT_EQ(cosine, nullptr);
}

TEST(LateLibrary, SaysThatItIsNotThere) {
  Cosine cosine = nullptr;
  LateLibrary library("libno_such_library.so.7");

  library.find(cosine, "cos");

  EXPECT_THAT(library.problem(), HasSubstr("libno_such_library.so.7: cannot open"));
  EXPECT_EQ(cosine, nullptr);
}

}  // namespace
}  // namespace ganger::host
