#include "host/plugin/search_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "tests/fakes/temporary_folder.h"

namespace fs = std::filesystem;

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> shown(const SearchPath& search_path) {
  std::vector<std::string> lines;
  for (const auto& folder : search_path.folders()) lines.push_back(folder.path.string() + " <- " + folder.origin);
  return lines;
}

TEST(SearchPath, GoesFromTheOptionsOverTheJobAndTheVariablesToTheInstallation) {
  Environment environment;
  environment.plugin_path = "/variable/one:/variable/two";
  environment.data_home = "/data";
  environment.home = "/home/me";
  environment.executable = "/opt/ganger/bin/ganger";
  environment.multiarch = "x86_64-linux-gnu";

  const SearchPath search_path(environment, {"/option"}, {"/job/../job/lib/"});

  EXPECT_THAT(shown(search_path),
              ElementsAre("/option <- -P", "/job/lib <- the job's plugins", "/variable/one <- GANGER_PLUGIN_PATH",
                          "/variable/two <- GANGER_PLUGIN_PATH", "/data/ganger/plugins <- XDG_DATA_HOME",
                          "/opt/ganger/lib/ganger/plugins <- the installation",
                          "/opt/ganger/lib/x86_64-linux-gnu/ganger/plugins <- the installation",
                          "/opt/ganger/lib64/ganger/plugins <- the installation"));
  EXPECT_THAT(search_path.warnings(), IsEmpty());
}

TEST(SearchPath, TakesTheHomeFolderWhereNoDataHomeIsSet) {
  Environment environment;
  environment.home = "/home/me";

  const SearchPath search_path(environment, {}, {});

  EXPECT_THAT(shown(search_path), ElementsAre("/home/me/.local/share/ganger/plugins <- ~/.local/share"));
}

TEST(SearchPath, LeavesOutEmptyAndRelativeFoldersWithAWarning) {
  Environment environment;
  environment.plugin_path = ":/good:lib:";
  environment.data_home = "data";

  const SearchPath search_path(environment, {"./build"}, {});

  EXPECT_THAT(shown(search_path), ElementsAre("/good <- GANGER_PLUGIN_PATH"));
  EXPECT_THAT(search_path.warnings(),
              ElementsAre("'./build' of -P is ignored: it is not an absolute path",
                          "an empty entry of GANGER_PLUGIN_PATH is ignored: the current directory is never searched",
                          "'lib' of GANGER_PLUGIN_PATH is ignored: it is not an absolute path",
                          "an empty entry of GANGER_PLUGIN_PATH is ignored: the current directory is never searched",
                          "'data/ganger/plugins' of XDG_DATA_HOME is ignored: it is not an absolute path"));
}

TEST(SearchPath, BelievesNoVariableOfAUserWithFewerRights) {
  Environment environment;
  environment.plugin_path = "/evil";
  environment.data_home = "/evil/data";
  environment.home = "/evil/home";
  environment.executable = "/usr/bin/ganger";
  environment.is_secure = true;

  const SearchPath search_path(environment, {}, {});

  EXPECT_THAT(shown(search_path), ElementsAre("/usr/lib/ganger/plugins <- the installation",
                                              "/usr/lib64/ganger/plugins <- the installation"));
  EXPECT_THAT(search_path.warnings(),
              ElementsAre("GANGER_PLUGIN_PATH is ignored: this process has more rights than the one that set it"));
}

TEST(SearchPath, HasAFolderOnceWhereItIsNamedFirst) {
  Environment environment;
  environment.plugin_path = "/a:/b/:/a/.";

  const SearchPath search_path(environment, {"/b"}, {});

  EXPECT_THAT(shown(search_path), ElementsAre("/b <- -P", "/a <- GANGER_PLUGIN_PATH"));
}

TEST(SearchPath, SaysOfEveryCandidateWhyItIsNotThere) {
  const TemporaryFolder temporary;
  const auto empty = temporary.folder("empty");
  const auto full = temporary.file("full/mail.so").parent_path();

  const SearchPath search_path({}, {temporary / "none", empty, full}, {});
  const auto candidates = search_path.candidates("mail");

  ASSERT_EQ(candidates.size(), 3U);
  EXPECT_EQ(candidates[0].why_not, "no such folder");
  EXPECT_EQ(candidates[1].why_not, "not there");
  EXPECT_TRUE(candidates[2].exists);
  EXPECT_EQ(candidates[2].file, full / "mail.so");
}

TEST(SearchPath, ALinkToNothingIsThere) {
  const TemporaryFolder temporary;
  fs::create_symlink("gone", temporary / "mail.so");

  const SearchPath search_path({}, {temporary.path()}, {});

  EXPECT_TRUE(search_path.candidates("mail").front().exists);
}

TEST(SearchPath, FindsTheRegularFilesOfEveryFolderByName) {
  const TemporaryFolder temporary;
  const auto b = temporary.file("first/b.so");
  const auto a = temporary.file("first/a.so");
  const auto second = temporary.file("second/a.so");
  temporary.file("first/notes.txt");
  temporary.file("first/deeper/c.so");
  temporary.folder("first/folder.so");

  const SearchPath search_path({}, {temporary / "first", temporary / "none", temporary / "second"}, {});
  std::vector<fs::path> files;
  for (const auto& candidate : search_path.find_all()) files.push_back(candidate.file);

  EXPECT_THAT(files, ElementsAre(a, b, second));
}

TEST(Environment, OfThisProcessKnowsTheExecutable) {
  const Environment environment = Environment::of_this_process();

  EXPECT_TRUE(environment.executable.is_absolute());
  EXPECT_FALSE(environment.is_secure);
}

}  // namespace
}  // namespace ganger::host
