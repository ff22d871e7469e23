#include "host/plugin/digest.h"

#include <gtest/gtest.h>

#include "tests/fakes/temporary_folder.h"

namespace ganger::host {
namespace {

// The digests are those of sha256sum.

TEST(Digest, IsTheSha256OfTheContent) {
  const TemporaryFolder temporary;

  EXPECT_EQ(sha256_of(temporary.file("empty", "")).value(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of(temporary.file("abc", "abc")).value(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, ReadsFilesThatAreLargerThanABlock) {
  const TemporaryFolder temporary;
  const auto file = temporary.file("million", std::string(1'000'000, 'a'));

  EXPECT_EQ(sha256_of(file).value(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, SaysWhatCannotBeRead) {
  const TemporaryFolder temporary;

  const auto missing = sha256_of(temporary / "none");
  const auto folder = sha256_of(temporary.path());

  ASSERT_FALSE(missing || folder);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_EQ(missing.error().message, (temporary / "none").string() + " does not exist");
  EXPECT_EQ(folder.error().kind, ErrorKind::io);
}

}  // namespace
}  // namespace ganger::host
