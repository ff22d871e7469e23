#include "host/plugin/trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "tests/fakes/temporary_folder.h"

namespace fs = std::filesystem;

namespace ganger::host {
namespace {

using testing::HasSubstr;

constexpr uid_t kRoot = 0, kMe = 4001, kOther = 4002;

/// A file system of names, owners and permissions.
class Trust : public testing::Test {
 protected:
  Trust() {
    folder("/", kRoot);
    folder("/home", kRoot);
    folder("/home/me", kMe);
    folder("/home/me/plugins", kMe);
    file("/home/me/plugins/p.so", kMe);
  }

  void folder(const std::string& path, uid_t owner, mode_t mode = 0755) { put(path, owner, S_IFDIR | mode); }
  void file(const std::string& path, uid_t owner, mode_t mode = 0644) { put(path, owner, S_IFREG | mode); }
  void link(const std::string& path, uid_t owner, const std::string& target) {
    put(path, owner, S_IFLNK | 0777);
    names_[path].link_target = target;
  }

  Result<void> check(const std::string& path, uid_t user = kMe) const { return check_trust(path, user, look()); }
  std::string why_not(const std::string& path, uid_t user = kMe) const {
    const auto checked = check(path, user);
    if (checked) return "trusted";
    EXPECT_EQ(checked.error().kind, ErrorKind::refused);
    return checked.error().message;
  }
  LookAt look() const {
    return [this](const fs::path& path) -> std::optional<PathFacts> {
      const auto found = names_.find(path.string());
      if (found != names_.end()) return found->second;
      errno = ENOENT;
      return std::nullopt;
    };
  }

 private:
  void put(const std::string& path, uid_t owner, mode_t mode) {
    names_[path] = {.owner = owner, .mode = mode, .link_target = {}};
  }
  std::map<std::string, PathFacts> names_;
};

TEST_F(Trust, TakesWhatOnlyRootAndThisUserCanChange) {
  file("/home/me/plugins/of-root.so", kRoot);

  EXPECT_TRUE(check("/home/me/plugins/p.so"));
  EXPECT_TRUE(check("/home/me/plugins/of-root.so"));
}

TEST_F(Trust, RefusesAFileThatOthersCanWrite) {
  file("/home/me/plugins/group.so", kMe, 0664);
  file("/home/me/plugins/all.so", kMe, 0646);
  file("/home/me/plugins/both.so", kMe, 0666);

  EXPECT_THAT(why_not("/home/me/plugins/group.so"),
              HasSubstr("group.so may be written by its group (mode 0664, owner uid 4001); "
                        "chmod g-w /home/me/plugins/group.so, or trust it all the same with --unsafe-plugins"));
  EXPECT_THAT(why_not("/home/me/plugins/all.so"),
              HasSubstr("may be written by everybody (mode 0646, owner uid 4001); "
                        "chmod o-w /home/me/plugins/all.so"));
  EXPECT_THAT(why_not("/home/me/plugins/both.so"), HasSubstr("chmod go-w /home/me/plugins/both.so"));
}

TEST_F(Trust, RefusesAFolderOnTheWayThatOthersCanWriteAndNamesIt) {
  folder("/home/me", kMe, 0775);

  EXPECT_EQ(why_not("/home/me/plugins/p.so"),
            "/home/me/plugins/p.so is not trusted: the folder /home/me may be written by its group (mode 0775, owner "
            "uid 4001); chmod g-w /home/me, or trust it all the same with --unsafe-plugins");
}

TEST_F(Trust, RefusesWhatBelongsToSomebodyElse) {
  file("/home/me/plugins/theirs.so", kOther);
  folder("/home/other", kOther);
  file("/home/other/p.so", kMe);

  EXPECT_THAT(why_not("/home/me/plugins/theirs.so"),
              HasSubstr("theirs.so belongs to uid 4002, who is neither root nor uid 4001; chown it to one of them"));
  EXPECT_THAT(why_not("/home/other/p.so"), HasSubstr("the folder /home/other belongs to uid 4002"));
}

TEST_F(Trust, RootTrustsRootOnly) {
  EXPECT_THAT(why_not("/home/me/plugins/p.so", kRoot),
              HasSubstr("the folder /home/me belongs to uid 4001, who is not root; chown it to root"));
}

TEST_F(Trust, FollowsLinksAndLooksAtTheFoldersThatHoldThem) {
  folder("/open", kRoot, 0777);
  link("/home/me/link.so", kMe, "plugins/p.so");
  link("/home/me/up.so", kMe, "../me/./plugins/p.so");
  link("/home/me/open", kMe, "/open");
  file("/open/p.so", kMe);
  link("/open/link.so", kMe, "/home/me/plugins/p.so");
  link("/home/me/theirs.so", kOther, "/home/me/plugins/p.so");

  EXPECT_TRUE(check("/home/me/link.so"));
  EXPECT_TRUE(check("/home/me/up.so"));
  EXPECT_THAT(why_not("/home/me/open/p.so"), HasSubstr("the folder /open may be written by everybody"));
  EXPECT_THAT(why_not("/open/link.so"), HasSubstr("the folder /open may be written by everybody"));
  EXPECT_THAT(why_not("/home/me/theirs.so"), HasSubstr("the link /home/me/theirs.so belongs to uid 4002"));
}

TEST_F(Trust, EndsWhereLinksGoRound) {
  link("/home/me/a.so", kMe, "b.so");
  link("/home/me/b.so", kMe, "a.so");

  const auto checked = check("/home/me/a.so");

  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("leads through too many links"));
}

TEST_F(Trust, AFolderOfOnesOwnInAStickyFolderIsGoodAndAFileThereIsNot) {
  folder("/tmp", kRoot, 01777);
  folder("/tmp/mine", kMe, 0700);
  file("/tmp/mine/p.so", kMe);
  file("/tmp/p.so", kMe);
  link("/tmp/link.so", kMe, "/home/me/plugins/p.so");
  folder("/tmp/theirs", kOther);
  file("/tmp/theirs/p.so", kMe);
  folder("/tmp/open", kMe, 0777);
  file("/tmp/open/p.so", kMe);

  EXPECT_TRUE(check("/tmp/mine/p.so"));
  EXPECT_THAT(why_not("/tmp/p.so"), HasSubstr("the file /tmp/p.so lies in a folder where everybody may put files; "
                                              "move it into a folder of your own"));
  EXPECT_THAT(why_not("/tmp/link.so"), HasSubstr("the link /tmp/link.so lies in a folder where everybody may"));
  EXPECT_THAT(why_not("/tmp/theirs/p.so"), HasSubstr("the folder /tmp/theirs belongs to uid 4002"));
  EXPECT_THAT(why_not("/tmp/open/p.so"), HasSubstr("the folder /tmp/open may be written by everybody"));
}

TEST_F(Trust, AStickyFolderIsOneAlsoByTheWayBack) {
  folder("/tmp", kRoot, 01777);
  folder("/tmp/mine", kMe, 0700);
  file("/tmp/p.so", kMe);
  folder("/", kRoot, 01777);
  file("/q.so", kMe);
  link("/home/me/plugins/root", kMe, "/");

  EXPECT_THAT(why_not("/tmp/mine/../p.so"), HasSubstr("the file /tmp/p.so lies in a folder where everybody may"));
  EXPECT_THAT(why_not("/home/me/plugins/root/q.so"), HasSubstr("the file /q.so lies in a folder where everybody"));
}

TEST_F(Trust, AFileThatIsNotThereIsNotFound) {
  const auto checked = check("/home/me/plugins/none.so");

  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind, ErrorKind::not_found);
}

/// The same with real files, which belong to whoever runs the tests.
TEST(TrustOfFiles, IsLostWithAPermissionForOthers) {
  const TemporaryFolder temporary;
  const fs::path file = temporary.file("sub/p.so");
  fs::permissions(temporary / "sub", fs::perms(0755));
  fs::permissions(file, fs::perms(0644));
  ASSERT_TRUE(check_trust(file, geteuid())) << check_trust(file, geteuid()).error().message;

  fs::permissions(temporary / "sub", fs::perms(0775));

  const auto checked = check_trust(file, geteuid());
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message,
              HasSubstr("the folder " + (temporary / "sub").string() + " may be written by its group (mode 0775"));
}

TEST(TrustOfFiles, IsThatOfTheProgramInTheFoldersAboveIt) {
  const TemporaryFolder temporary;
  const fs::path file = temporary.file("tree/lib/p.so");
  fs::permissions(file, fs::perms(0644));
  fs::permissions(temporary / "tree/lib", fs::perms(0755));
  fs::permissions(temporary / "tree", fs::perms(0777));

  EXPECT_FALSE(check_trust(file, geteuid()));
  EXPECT_TRUE(check_trust(file, geteuid(), look_beside(temporary / "tree/bin/ganger")));

  fs::permissions(temporary / "tree/lib", fs::perms(0777));
  EXPECT_FALSE(check_trust(file, geteuid(), look_beside(temporary / "tree/bin/ganger")));
}

TEST(TrustOfFiles, IsAskedWhereALinkLeads) {
  const TemporaryFolder temporary;
  const fs::path file = temporary.file("open/p.so");
  fs::permissions(file, fs::perms(0644));
  fs::permissions(temporary / "open", fs::perms(0757));
  fs::create_symlink("open/p.so", temporary / "link.so");

  const auto checked = check_trust(temporary / "link.so", geteuid());

  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("open may be written by everybody (mode 0757"));
}

TEST(FileIdentity, ChangesWithTheContent) {
  const TemporaryFolder temporary;
  const fs::path file = temporary.file("a", "one");
  temporary.file("b", "one");
  const auto before = identity_of(file);
  ASSERT_TRUE(before);
  EXPECT_EQ(identity_of(file), before);

  fs::rename(temporary / "b", file);

  EXPECT_NE(identity_of(file), before);
  EXPECT_FALSE(identity_of(temporary / "none"));
}

}  // namespace
}  // namespace ganger::host
