// What is read of libraries that are whole; broken ones are in tests/hostile.
#include "host/plugin/elf_file.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/fakes/temporary_folder.h"
#include "tests/plugin/sample_plugins.h"

namespace fs = std::filesystem;

namespace ganger::host {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

ElfFile tidy() {
  ElfFile elf;
  elf.exports = {"ganger_plugin_v1"};
  elf.binds_now = true;
  return elf;
}

TEST(ElfFile, OfATidyPluginHasOneExportAndNoRemarks) {
  const auto elf = read_elf_file(kPlugins / "sample.so");

  ASSERT_TRUE(elf) << elf.error().message;
  EXPECT_THAT(elf->exports, ElementsAre("ganger_plugin_v1"));
  EXPECT_THAT(elf->unique_symbols, IsEmpty());
  EXPECT_THAT(elf->needed, Contains(StartsWith("libc.so")));
  EXPECT_TRUE(elf->binds_now);
}

TEST(ElfFile, OfAnUntidyPluginShowsWhatIsWrongWithIt) {
  const auto elf = read_elf_file(kPlugins / "untidy.so");

  ASSERT_TRUE(elf) << elf.error().message;
  EXPECT_THAT(elf->exports, Contains("left_over"));
  EXPECT_THAT(elf->unique_symbols, ElementsAre("shared_by_all"));
  EXPECT_THAT(elf->library_folders, Contains("libs"));
  EXPECT_FALSE(elf->binds_now);
}

TEST(ElfFile, OfAPluginWithLibrariesNamesThoseThatStandInForThemToo) {
  const auto elf = read_elf_file(kPlugins / "linked.so");

  ASSERT_TRUE(elf) << elf.error().message;
  EXPECT_THAT(elf->needed, Contains("libdependency.so"));
  EXPECT_THAT(elf->needed, Contains("libaux.so"));
  EXPECT_THAT(elf->library_folders, ElementsAre("$ORIGIN/deps"));
  EXPECT_FALSE(elf->folders_are_inherited);
}

TEST(ElfFile, OfTheCLibraryIsReadWithItsThousandsOfSymbols) {
  Dl_info found{};
  ASSERT_NE(dladdr(reinterpret_cast<const void*>(&getpid), &found), 0);

  const auto elf = read_elf_file(found.dli_fname);

  ASSERT_TRUE(elf) << elf.error().message;
  EXPECT_GT(elf->exports.size(), 1000U);
  EXPECT_THAT(elf->exports, Contains("getpid"));
}

TEST(ElfFile, ThatIsNotThereIsNotFound) {
  const TemporaryFolder temporary;

  const auto elf = read_elf_file(temporary / "none.so");

  ASSERT_FALSE(elf);
  EXPECT_EQ(elf.error().kind, ErrorKind::not_found);
  EXPECT_EQ(elf.error().message, (temporary / "none.so").string() + " does not exist");
}

TEST(Hygiene, OfATidyPluginHasNothingToSay) {
  ElfFile elf = tidy();
  elf.library_folders = {"$ORIGIN/../lib", "${ORIGIN}", "/usr/lib"};

  EXPECT_THAT(hygiene(elf), IsEmpty());
}

TEST(Hygiene, NamesTheFirstFewSymbolsThatShouldBeHidden) {
  ElfFile elf = tidy();
  elf.exports = {"a", "b", "c", "d", "e", "f", "ganger_plugin_v1"};

  EXPECT_THAT(hygiene(elf), ElementsAre("exports 6 symbols besides its entry (a, b, c, d, e, ...); hide them with a "
                                        "version script, as ganger_add_plugin() does"));
}

TEST(Hygiene, SaysWhichCompilerOptionKeepsSymbolsApart) {
  ElfFile elf = tidy();
  elf.unique_symbols = {"counter"};

  EXPECT_THAT(hygiene(elf), ElementsAre("has symbols that other plugins would share (counter); compile it with "
                                        "-fno-gnu-unique"));
}

TEST(Hygiene, WantsMissingFunctionsToShowAtLoad) {
  ElfFile elf = tidy();
  elf.binds_now = false;

  EXPECT_THAT(hygiene(elf), ElementsAre("looks for its functions when they are first called, and a missing one would "
                                        "end the process; link it with -Wl,-z,now"));
}

TEST(Hygiene, WantsNoExecutableStack) {
  ElfFile elf = tidy();
  elf.needs_executable_stack = true;

  EXPECT_THAT(hygiene(elf), ElementsAre("asks for an executable stack; link it with -Wl,-z,noexecstack"));
}

TEST(Hygiene, WantsLibrariesFromWhereOnlyTheirOwnerPutsThem) {
  const TemporaryFolder temporary;
  const auto open_to_all = temporary.folder("open");
  fs::permissions(open_to_all, fs::perms::all);
  ElfFile elf = tidy();
  elf.library_folders = {"libs", "", open_to_all.string()};

  EXPECT_THAT(
      hygiene(elf),
      ElementsAre(
          "looks for libraries in 'libs', which depends on the current directory; write $ORIGIN/... in "
          "its RUNPATH",
          "looks for libraries in '', which depends on the current directory; write $ORIGIN/... in its "
          "RUNPATH",
          "looks for libraries in '" + open_to_all.string() + "', where everybody may put one; change its RUNPATH"));
}

}  // namespace
}  // namespace ganger::host
