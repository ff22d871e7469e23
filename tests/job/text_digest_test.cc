// The digest by which a job is known to have changed.
#include "host/job/text_digest.h"

#include <gtest/gtest.h>

namespace ganger::host {
namespace {

TEST(TextDigest, IsTheOneThatOthersComputeToo) {  // printf '' | xxhsum -H2
  EXPECT_EQ(digest_of(""), "99aa06d3014798d86001c324468d497f");
}

TEST(TextDigest, DiffersInEveryByteAndInLength) {
  const std::string text(1000, 'a');

  for (std::size_t at = 0; at < text.size(); at += 37) {
    std::string other = text;
    other[at] = 'b';
    EXPECT_NE(digest_of(other), digest_of(text)) << at;
  }
  EXPECT_NE(digest_of(text + 'a'), digest_of(text));
}

}  // namespace
}  // namespace ganger::host
