#include "host/plugin/library_trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <string>

namespace fs = std::filesystem;

namespace ganger::host {
namespace {

using testing::HasSubstr;

constexpr uid_t kRootUser = 0, kUser = 4001;

/// A file system of names, owners and permissions, in which a plugin of mine and its libraries lie.
class LibraryTrust : public testing::Test {
 protected:
  LibraryTrust() {
    for (const char* path : {"/", "/home", "/opt"}) folder(path, kRootUser);
    for (const char* path : {"/home/me", "/home/me/plugins", "/home/me/libs"}) folder(path, kUser);
    file("/home/me/plugins/p.so", kUser);
  }

  void folder(const std::string& path, uid_t owner, mode_t mode = 0755) { put(path, owner, S_IFDIR | mode); }
  void file(const std::string& path, uid_t owner, mode_t mode = 0644) { put(path, owner, S_IFREG | mode); }
  void library(const std::string& path, ElfFile elf, mode_t mode = 0644) {
    file(path, kUser, mode);
    elves_[path] = std::move(elf);
  }
  static ElfFile linked_to(std::vector<std::string> needed, std::vector<std::string> folders = {}) {
    ElfFile elf;
    elf.needed = std::move(needed);
    elf.library_folders = std::move(folders);
    return elf;
  }

  Result<void> check(const ElfFile& elf) const {
    const LookAt look = [this](const fs::path& path) -> std::optional<PathFacts> {
      const auto found = names_.find(path.lexically_normal().string());
      if (found != names_.end()) return found->second;
      errno = ENOENT;
      return std::nullopt;
    };
    const ReadElf read = [this](const fs::path& path) -> Result<ElfFile> {
      const auto found = elves_.find(path.lexically_normal().string());
      if (found != elves_.end()) return found->second;
      return failure(ErrorKind::refused, "no library");
    };
    return check_libraries(elf, "/home/me/plugins/p.so", kUser, look, read);
  }
  std::string why_not(const ElfFile& elf) const {
    const auto checked = check(elf);
    return checked ? "trusted" : checked.error().message;
  }

 private:
  void put(const std::string& path, uid_t owner, mode_t mode) {
    names_[path] = {.owner = owner, .mode = mode, .link_target = {}};
  }
  std::map<std::string, PathFacts> names_;
  std::map<std::string, ElfFile> elves_;
};

TEST_F(LibraryTrust, LibrariesComeFromFoldersAsGoodAsThePluginsOwn) {
  folder("/opt", kRootUser);
  folder("/open", kRootUser, 0777);
  folder("/tmp", kRootUser, 01777);
  const auto with_folder = [&](const std::string& library_folder) {
    ElfFile elf;
    elf.library_folders = {library_folder};
    const auto checked = check(elf);
    return checked ? "trusted" : checked.error().message;
  };

  EXPECT_EQ(with_folder("/opt"), "trusted");
  EXPECT_EQ(with_folder("/opt/not-there"), "trusted");
  EXPECT_EQ(with_folder("$ORIGIN"), "trusted");
  EXPECT_EQ(with_folder("${ORIGIN}/../libs"), "trusted");
  EXPECT_EQ(with_folder("/opt/$LIB"), "trusted");
  EXPECT_THAT(with_folder("/open/lib"), HasSubstr("it looks for libraries in /open/lib, and the folder /open may be "
                                                  "written by everybody"));
  EXPECT_THAT(with_folder("/tmp/not-there"), HasSubstr("would be made in /tmp, where everybody may make files"));
  EXPECT_THAT(with_folder("libs"), HasSubstr("it looks for libraries in 'libs', which depends on the current "
                                             "directory; write $ORIGIN/... in its RUNPATH"));
  EXPECT_THAT(with_folder(""), HasSubstr("it looks for libraries in '', which depends on the current directory"));
}

TEST_F(LibraryTrust, ALibraryIsNotNamedByARelativePath) {
  ElfFile elf;
  elf.needed = {"libc.so.6", "/opt/libx.so", "./libx.so"};

  const auto checked = check(elf);

  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("needs the library './libx.so', a path that depends on the current "
                                                 "directory; link that library with -Wl,-soname"));
}

TEST_F(LibraryTrust, ALibraryThatIsNamedByItsPathIsAsGoodAsThePluginsOwn) {
  folder("/open", kRootUser, 0777);
  file("/open/libx.so", kRootUser);
  file("/home/me/liby.so", kUser);
  const auto with_library = [&](const std::string& library) {
    ElfFile elf;
    elf.needed = {library};
    const auto checked = check(elf);
    return checked ? "trusted" : checked.error().message;
  };

  EXPECT_EQ(with_library("/home/me/liby.so"), "trusted");
  EXPECT_THAT(with_library("/open/libx.so"), HasSubstr("it needs the library /open/libx.so, and the folder /open may "
                                                       "be written by everybody"));
}

TEST_F(LibraryTrust, WhatStandsForAFolderCountsWhereverItIsInTheName) {
  folder("/opt/lib64", kRootUser, 0777);
  folder("/open", kRootUser, 0777);

  EXPECT_THAT(why_not(linked_to({}, {"/opt/$LIB/mine"})), HasSubstr("the folder /opt/lib64 may be written by"));
  EXPECT_THAT(why_not(linked_to({}, {"/opt/${LIB}"})), HasSubstr("the folder /opt/lib64 may be written by"));
  EXPECT_THAT(why_not(linked_to({}, {"/open/$ORIGIN"})), HasSubstr("the folder /open may be written by"));
  EXPECT_THAT(why_not(linked_to({}, {"/home/../open/${PLATFORM}/x"})),
              HasSubstr("the folder /open may be written by"));
  EXPECT_THAT(why_not(linked_to({}, {"$ORIGINAL/x"})), HasSubstr("'$ORIGINAL/x', which depends on the current"));
  EXPECT_EQ(why_not(linked_to({}, {"/opt/$OTHER/x"})), "trusted");
}

TEST_F(LibraryTrust, ALibraryInAGoodFolderMustBeGoodItself) {
  library("/home/me/libs/libx.so", {}, 0664);

  EXPECT_THAT(
      why_not(linked_to({"libx.so"}, {"$ORIGIN/../libs"})),
      HasSubstr("it needs the library /home/me/plugins/../libs/libx.so, and the file /home/me/libs/libx.so may "
                "be written by its group"));
  EXPECT_THAT(why_not(linked_to({"/home/me/libs/libx.so"})), HasSubstr("may be written by its group"));
  EXPECT_EQ(why_not(linked_to({"libx.so"})), "trusted");  // one of the system
  EXPECT_EQ(why_not(linked_to({"libc.so.6"}, {"$ORIGIN/../libs"})), "trusted");
}

TEST_F(LibraryTrust, LibrariesOfLibrariesAreFollowed) {
  folder("/open", kRootUser, 0777);
  library("/home/me/libs/libx.so", linked_to({"liby.so"}, {"$ORIGIN/deeper"}));
  folder("/home/me/libs/deeper", kUser);
  library("/home/me/libs/deeper/liby.so", linked_to({"libz.so"}, {"/open"}));

  EXPECT_THAT(why_not(linked_to({"libx.so"}, {"/home/me/libs"})),
              HasSubstr("its library /home/me/libs/deeper/liby.so looks for libraries in /open, and the folder /open "
                        "may be written by everybody"));
}

TEST_F(LibraryTrust, FoldersOfAnRpathCountForTheLibrariesOfLibraries) {
  library("/home/me/libs/libx.so", linked_to({"liby.so"}));
  library("/home/me/libs/liby.so", {}, 0666);
  ElfFile by_rpath = linked_to({"libx.so"}, {"/home/me/libs"});
  by_rpath.folders_are_inherited = true;

  EXPECT_THAT(why_not(by_rpath), HasSubstr("the file /home/me/libs/liby.so may be written by everybody"));
  EXPECT_EQ(why_not(linked_to({"libx.so"}, {"/home/me/libs"})), "trusted");
}

TEST_F(LibraryTrust, FoldersForSomeProcessorsAreLookedAtToo) {
  folder("/home/me/libs/glibc-hwcaps", kUser);
  folder("/home/me/libs/glibc-hwcaps/x86-64-v3", kUser, 0775);

  EXPECT_THAT(why_not(linked_to({"libx.so"}, {"/home/me/libs"})),
              HasSubstr("the folder /home/me/libs/glibc-hwcaps/x86-64-v3 may be written by its group"));
}

TEST_F(LibraryTrust, LibrariesThatNeedEachOtherAreSeenOnce) {
  library("/home/me/libs/libx.so", linked_to({"liby.so"}, {"/home/me/libs"}));
  library("/home/me/libs/liby.so", linked_to({"libx.so"}, {"/home/me/libs"}));

  EXPECT_EQ(why_not(linked_to({"libx.so"}, {"/home/me/libs"})), "trusted");
}

}  // namespace
}  // namespace ganger::host
