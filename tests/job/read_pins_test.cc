#include "host/job/read_pins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/temporary_folder.h"

namespace ganger::host {
namespace {

using testing::HasSubstr;

const std::string kDigest(64, 'a');
const std::string kOther(64, 'b');

std::string plugin(const std::string& id, const std::string& sha256 = kDigest) {
  return "[[plugin]]\nid = \"" + id + "\"\nversion = \"1.0\"\nsha256 = \"" + sha256 + "\"\n";
}

std::vector<std::string> errors_in(const std::string& text) {
  const auto pins = parse_pins(text, "plugins.lock");
  std::vector<std::string> all;
  if (pins) return all;
  for (const Error& error : pins.error()) {
    EXPECT_EQ(error.kind, ErrorKind::bad_job);
    all.push_back(std::to_string(error.where.line) + ":" + std::to_string(error.where.column) + ": " + error.message);
  }
  return all;
}

TEST(ReadPins, ReadsWhatWasWritten) {
  const TemporaryFolder temporary;
  const Pins pins{temporary / "plugins.lock", {{"demo", "1.0 \"beta\" \\", kDigest}, {"files", "2", kOther}}};
  ASSERT_TRUE(write_pins(pins));
  ASSERT_TRUE(write_pins(pins));  // again, over the first

  const auto read = read_pins(pins.file);

  ASSERT_TRUE(read) << describe(read.error().front());
  ASSERT_EQ(read->pins.size(), 2U);
  EXPECT_EQ(read->find("demo")->version, "1.0 \"beta\" \\");
  EXPECT_EQ(read->find("files")->sha256, kOther);
  EXPECT_EQ(read->find("none"), nullptr);
  const auto left = std::distance(std::filesystem::directory_iterator(temporary.path()), {});
  EXPECT_EQ(left, 1) << "a temporary file was left behind";
}

TEST(ReadPins, AnEmptyFilePinsNothing) {
  const auto pins = parse_pins("# nothing yet\n", "plugins.lock");

  ASSERT_TRUE(pins);
  EXPECT_THAT(pins->pins, testing::IsEmpty());
}

TEST(ReadPins, SaysAllThatIsWrongAndWhere) {
  EXPECT_THAT(errors_in("[[plugin]]\nid = \"Demo\"\nversion = 1\nsha256 = \"abc\"\nsize = 3\n"),
              testing::ElementsAre(HasSubstr("2:6: no plugin can be called 'Demo'"),
                                   "3:11: version must be a string, not an integer",
                                   HasSubstr("4:10: sha256 must be 64 hexadecimal digits in lower case, not 'abc'"),
                                   HasSubstr("5:1: unknown key 'size'")));
  EXPECT_THAT(errors_in("[[plugin]]\nid = \"demo\"\n"),
              testing::ElementsAre(HasSubstr("a plugin has no version"), HasSubstr("a plugin has no sha256")));
  EXPECT_THAT(errors_in("[[plugins]]\n"), testing::ElementsAre(HasSubstr("did you mean 'plugin'?")));
  EXPECT_THAT(errors_in("plugin = 4"), testing::ElementsAre(HasSubstr("each under [[plugin]], not an integer")));
  EXPECT_THAT(errors_in("plugin = [4]"), testing::ElementsAre(HasSubstr("written under [[plugin]], not an integer")));
  EXPECT_THAT(errors_in("[[plugin"), testing::ElementsAre(HasSubstr("not valid TOML")));
}

TEST(ReadPins, AMisspeltKeyIsNotMissingToo) {
  EXPECT_THAT(errors_in("[[plugin]]\nid = \"demo\"\nversion = \"1\"\nsha25 = \"" + kDigest + "\"\n"),
              testing::ElementsAre(HasSubstr("(did you mean 'sha256'?)")));
}

TEST(ReadPins, OnePluginIsPinnedOnce) {
  EXPECT_THAT(errors_in(plugin("demo") + plugin("demo", kOther)),
              testing::ElementsAre(HasSubstr("plugin 'demo' is pinned twice; remove one")));
}

TEST(ReadPins, AFileThatIsNotThereIsNotFound) {
  const TemporaryFolder temporary;

  const auto pins = read_pins(temporary / "plugins.lock");

  ASSERT_FALSE(pins);
  EXPECT_EQ(pins.error().front().kind, ErrorKind::not_found);
  EXPECT_THAT(pins.error().front().message, HasSubstr("ganger check JOB.toml --pin"));
}

TEST(WritePins, SaysWhereItCannotWrite) {
  const TemporaryFolder temporary;

  const auto written = write_pins({temporary / "none/plugins.lock", {}});

  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::cannot_create);
  EXPECT_THAT(written.error().message, HasSubstr("plugins.lock: No such file or directory"));
}

TEST(CheckPin, ComparesDigestAndVersion) {
  const Pins pins{"/j/plugins.lock", {{"demo", "1.0", kDigest}}};

  EXPECT_TRUE(check_pin(pins, "demo", "", kDigest));
  EXPECT_TRUE(check_pin(pins, "demo", "1.0", kDigest));
  const auto other = check_pin(pins, "demo", "", kOther);
  const auto missing = check_pin(pins, "files", "", kOther);
  const auto version = check_pin(pins, "demo", "1.1", kDigest);

  ASSERT_FALSE(other || missing || version);
  EXPECT_EQ(other.error().message, "plugin 'demo' is not the one that /j/plugins.lock names: its SHA-256 is " +
                                       kOther + ", pinned is " + kDigest +
                                       " (version 1.0); if this is the plugin you mean, pin it with ganger check "
                                       "JOB.toml --pin");
  EXPECT_THAT(missing.error().message,
              HasSubstr("plugin 'files' is not in /j/plugins.lock, and its SHA-256 is " + kOther));
  EXPECT_THAT(version.error().message, HasSubstr("plugin 'demo' is version 1.1, and /j/plugins.lock names 1.0"));
  for (const auto& refused : {other, missing, version}) EXPECT_EQ(refused.error().kind, ErrorKind::refused);
}

}  // namespace
}  // namespace ganger::host
