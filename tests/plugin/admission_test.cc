// What a Registry asks before it takes a file, and what it knows of one that is only described.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "host/plugin/description_json.h"
#include "host/plugin/digest.h"
#include "host/plugin/registry.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/plugin/sample_plugins.h"

namespace fs = std::filesystem;

namespace ganger::host {
namespace {

using testing::HasSubstr;

const ganger_host* silent_host() {
  static const ganger_host host = [] {
    ganger_host table{};
    table.struct_size = sizeof table;
    table.log = [](ganger_ctx*, std::int32_t, ganger_str) {};
    return table;
  }();
  return &host;
}

class AdmissionTest : public testing::Test {
 protected:
  /// A plugin of the tests in a folder of this one, where it can be changed.
  fs::path copy(const std::string& id = "sample") const {
    const fs::path file = temporary_.folder("plugins") / (id + ".so");
    fs::copy_file(kPlugins / (id + ".so"), file, fs::copy_options::overwrite_existing);
    fs::permissions(file, fs::perms(0755));
    fs::permissions(temporary_ / "plugins", fs::perms(0755));
    return file;
  }
  /// The same, with a change in its note: `was` is nowhere else in the file, and as long as `now`.
  fs::path copy_with_note(const std::string& was, const std::string& now) const {
    const fs::path file = copy();
    std::ifstream in(file, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), {});
    const auto at = bytes.find(was);
    EXPECT_NE(at, std::string::npos);
    if (at != std::string::npos) bytes.replace(at, was.size(), now);
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }
  Registry registry(Admission admission = {}) const {
    return {SearchPath({}, {temporary_.folder("plugins")}, {}), silent_host(), std::move(admission)};
  }
  /// Describes every file as the plugin `sample` does, with a change of the JSON; what its note says is not read.
  Admission describing(std::function<std::string(std::string)> change = {}) {
    return {.believes_notes = false, .describe = [this, change](const fs::path& file) {
              ++described_;
              Registry other(SearchPath({}, {kPlugins}, {}), silent_host());
              const std::string json = description_json(**other.load("sample"));
              return parse_description(change ? change(json) : json, file);
            }};
  }

  TemporaryFolder temporary_;
  int described_ = 0;
};

TEST_F(AdmissionTest, RefusesAFileThatOthersCouldChange) {
  fs::permissions(copy(), fs::perms(0775));
  auto plugins = registry();

  const auto plugin = plugins.load("sample");

  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().kind, ErrorKind::refused);
  EXPECT_THAT(plugin.error().message, HasSubstr("sample.so may be written by its group (mode 0775"));
}

TEST_F(AdmissionTest, TakesItAllTheSameWhenAllAreTrusted) {
  fs::permissions(copy(), fs::perms(0777));
  auto plugins = registry({.trusts_all = true});

  const auto plugin = plugins.load("sample");

  EXPECT_TRUE(plugin) << plugin.error().message;
}

TEST_F(AdmissionTest, RefusesLibrariesFromTheCurrentDirectory) {
  copy("untidy");
  auto plugins = registry();

  const auto plugin = plugins.load("untidy");

  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().kind, ErrorKind::refused);
  EXPECT_THAT(plugin.error().message, HasSubstr("it looks for libraries in 'libs', which depends on the current"));
}

TEST_F(AdmissionTest, AsksForThePinBeforeAndAfterTheFileIsOpened) {
  const std::string sha256 = sha256_of(copy()).value();
  std::vector<std::string> asked;
  auto plugins = registry({.check_pin = [&](const std::string& id, const std::string& version,
                                            const std::string& digest) -> Result<void> {
    asked.push_back(id + "|" + version + "|" + digest);
    return {};
  }});

  const auto plugin = plugins.load("sample");

  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_THAT(asked, testing::ElementsAre("sample||" + sha256, "sample|" + (*plugin)->version + "|" + sha256));
  EXPECT_EQ(plugins.digest_of(**plugin).value(), sha256);
}

TEST_F(AdmissionTest, ALibraryThatOthersCouldChangeIsRefusedLikeThePlugin) {
  copy("linked");
  const fs::path dependency = temporary_.folder("plugins/deps") / "libdependency.so";
  fs::copy_file(kPlugins / "libdependency.so", dependency);
  fs::permissions(temporary_ / "plugins/deps", fs::perms(0755));
  fs::permissions(dependency, fs::perms(0775));
  auto refusing = registry();

  const auto refused = refusing.load("linked");
  fs::permissions(dependency, fs::perms(0755));
  auto taking = registry();
  const auto taken = taking.load("linked");

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  EXPECT_THAT(refused.error().message, HasSubstr("it needs the library " + dependency.string() + ", and the file " +
                                                 dependency.string() + " may be written by its group (mode 0775"));
  EXPECT_TRUE(taken) << taken.error().message;
}

TEST_F(AdmissionTest, WhatWasHashedIsWhatIsLoadedWhateverIsInItsPlaceMeanwhile) {
  const fs::path file = copy();
  const fs::path other = temporary_.folder("other") / "sample.so";
  fs::copy_file(kPlugins / "second.so", other);
  const auto swap_folders = [&] {
    fs::rename(temporary_ / "plugins", temporary_ / "third");
    fs::rename(temporary_ / "other", temporary_ / "plugins");
    fs::rename(temporary_ / "third", temporary_ / "other");
  };
  // Between the hash and the loader, and back before anybody looks again: nothing of the file shows it.
  auto plugins = registry(
      {.check_pin = [](const std::string&, const std::string&, const std::string&) -> Result<void> { return {}; },
       .watch_opening =
           [&](const fs::path&, const auto& open) {
             swap_folders();
             auto opened = open();
             swap_folders();
             return opened;
           }});

  const auto plugin = plugins.load("sample");

  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_EQ((*plugin)->id, "sample");
  Dl_info code{};
  ASSERT_NE(dladdr(reinterpret_cast<const void*>((*plugin)->task_types.front()->run), &code), 0);
  EXPECT_EQ(code.dli_fname, file);
}

TEST_F(AdmissionTest, APinnedFileThatIsReplacedMeanwhileIsRefused) {
  const fs::path file = copy();
  auto plugins =
      registry({.check_pin = [&](const std::string&, const std::string& version, const std::string&) -> Result<void> {
        if (version.empty()) {
          fs::rename(file, temporary_ / "away");
          fs::copy_file(kPlugins / "second.so", file);
        }
        return {};
      }});

  const auto plugin = plugins.load("sample");

  ASSERT_FALSE(plugin);
  EXPECT_THAT(plugin.error().message, HasSubstr("has been changed since this run looked at it first"));
}

TEST_F(AdmissionTest, PinnedPluginsAreNotTakenForEachOther) {
  copy("sample");
  copy("second");
  copy("linked");
  fs::copy_file(kPlugins / "libdependency.so", temporary_.folder("plugins/deps") / "libdependency.so");
  fs::permissions(temporary_ / "plugins/deps", fs::perms(0755));
  auto plugins = registry(
      {.check_pin = [](const std::string&, const std::string&, const std::string&) -> Result<void> { return {}; }});

  for (const char* id : {"sample", "second", "linked"}) {
    const auto plugin = plugins.load(id);
    ASSERT_TRUE(plugin) << plugin.error().message;
    EXPECT_EQ((*plugin)->id, id);
  }
}

TEST_F(AdmissionTest, WhatIsNotPinnedIsNotOpened) {
  copy();
  auto admission = describing();
  admission.check_pin = [](const std::string&, const std::string&, const std::string&) -> Result<void> {
    return failure(ErrorKind::refused, "not that one");
  };
  auto plugins = registry(std::move(admission));

  const auto plugin = plugins.load("sample", Load::describe);

  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().message, "not that one");
  EXPECT_EQ(described_, 0);
}

TEST_F(AdmissionTest, ADescribedPluginHasNoFunctionsUntilItIsOpened) {
  copy();
  auto plugins = registry(describing());
  const auto described = plugins.task_type("sample.hash", Load::describe);
  ASSERT_TRUE(described) << described.error().message;
  EXPECT_EQ((*described)->run, nullptr);
  EXPECT_FALSE((*described)->plugin->is_open);
  const auto kind = plugins.pool_kind("sample.box", Load::describe);
  ASSERT_TRUE(kind) << kind.error().message;

  const auto opened = plugins.task_type("sample.hash");

  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(*opened, *described);
  EXPECT_NE((*described)->run, nullptr);
  EXPECT_NE((*kind)->open, nullptr);
  EXPECT_NE((*kind)->api, nullptr);
  EXPECT_TRUE((*described)->plugin->is_open);
  EXPECT_EQ(described_, 1);
}

TEST_F(AdmissionTest, AnOpenPluginIsNotDescribedAgain) {
  copy();
  auto plugins = registry(describing());
  const auto opened = plugins.load("sample");
  ASSERT_TRUE(opened) << opened.error().message;

  const auto described = plugins.load("sample", Load::describe);

  ASSERT_TRUE(described);
  EXPECT_EQ(*described, *opened);
  EXPECT_EQ(described_, 0);
}

TEST_F(AdmissionTest, APluginThatDescribesItselfInTwoWaysIsRefused) {
  copy();
  auto plugins = registry(describing([](std::string json) {
    const std::string was = R"("flags":1)", other = R"("flags":3)";
    const auto at = json.find(was);
    return at == std::string::npos ? json : json.replace(at, was.size(), other);
  }));
  ASSERT_TRUE(plugins.load("sample", Load::describe));

  const auto opened = plugins.load("sample");

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::refused);
  EXPECT_THAT(opened.error().message, HasSubstr("does not describe itself twice in the same way"));
  EXPECT_EQ(plugins.load("sample").error().message, opened.error().message);
}

TEST_F(AdmissionTest, AFileThatIsReplacedMeanwhileIsNotOpened) {
  const fs::path file = copy();
  auto plugins = registry(describing());
  const auto described = plugins.load("sample", Load::describe);
  ASSERT_TRUE(described) << described.error().message;
  fs::remove(file);
  copy();

  const auto opened = plugins.load("sample");
  const auto digest = plugins.digest_of(**described);

  ASSERT_FALSE(opened || digest);
  EXPECT_THAT(opened.error().message, HasSubstr("has been changed since this run looked at it first"));
  EXPECT_EQ(digest.error().message, opened.error().message);
}

TEST_F(AdmissionTest, WhatIsOnlyDescribedIsNotStarted) {
  copy();
  auto plugins = registry(describing());
  const auto described = plugins.load("sample", Load::describe);
  ASSERT_TRUE(described) << described.error().message;

  EXPECT_TRUE(plugins.start(**described));
  EXPECT_THAT(plugins.shut_down(), testing::IsEmpty());
}

TEST_F(AdmissionTest, ListDescribesAndOpensNothing) {
  copy();
  auto plugins = registry(describing());

  const auto all = plugins.list();

  ASSERT_EQ(all.size(), 1U);
  ASSERT_NE(all[0].plugin, nullptr) << all[0].error->message;
  EXPECT_FALSE(all[0].plugin->is_open);
}

TEST_F(AdmissionTest, ANoteIsBelievedAndNobodyIsAsked) {
  copy_with_note(R"("flags":1)", R"("flags":3)");
  auto admission = describing();
  admission.believes_notes = true;
  auto plugins = registry(std::move(admission));

  const auto type = plugins.task_type("sample.hash", Load::describe);

  ASSERT_TRUE(type) << type.error().message;
  EXPECT_EQ((*type)->flags, 3U);
  EXPECT_FALSE((*type)->plugin->is_open);
  EXPECT_EQ(described_, 0);
}

TEST_F(AdmissionTest, ANoteThatDisagreesWithTheCodeIsRefusedWhenThatIsOpened) {
  copy_with_note(R"("flags":1)", R"("flags":3)");
  auto at_once = registry(), after_a_look = registry();
  ASSERT_TRUE(after_a_look.load("sample", Load::describe));

  const auto opened = at_once.load("sample");
  const auto opened_later = after_a_look.load("sample");

  ASSERT_FALSE(opened || opened_later);
  EXPECT_EQ(opened.error().kind, ErrorKind::refused);
  EXPECT_THAT(opened.error().message,
              HasSubstr("sample.so is refused: its note and its code do not describe the same "
                        "plugin, they differ at /tasks/1/flags; build it again"));
  EXPECT_EQ(opened_later.error().message, opened.error().message);
}

TEST_F(AdmissionTest, ANoteThatMakesNoSenseIsRefused) {
  copy_with_note(R"({"id":"sample")", R"({"id": sample )");

  const auto described = registry().load("sample", Load::describe);
  const auto opened = registry().load("sample");

  ASSERT_FALSE(described || opened);
  EXPECT_THAT(described.error().message, HasSubstr("what it says it provides makes no sense"));
  EXPECT_EQ(opened.error().message, described.error().message);
}

TEST_F(AdmissionTest, ANoteThatIsDamagedIsRefusedToo) {
  const std::string_view owner("ganger\0\0", 8), nobody("g@nger\0\0", 8);
  copy_with_note(std::string(owner) + R"({"id":"sample")", std::string(nobody) + R"({"id":"sample")");

  const auto described = registry().load("sample", Load::describe);

  ASSERT_FALSE(described);
  EXPECT_THAT(described.error().message, HasSubstr("what it says it provides makes no sense"));
}

TEST_F(AdmissionTest, ANoteOfALaterHostIsRefusedAsItsPluginWouldBe) {
  copy_with_note(R"("min_host_minor":0)", R"("min_host_minor":9)");

  const auto described = registry().load("sample", Load::describe);

  ASSERT_FALSE(described);
  EXPECT_EQ(described.error().kind, ErrorKind::wrong_abi);
  EXPECT_THAT(described.error().message, HasSubstr("needs host ABI 1.9"));
}

}  // namespace
}  // namespace ganger::host
