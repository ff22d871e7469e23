#include "host/plugin/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/temporary_folder.h"
#include "tests/plugin/sample_plugins.h"

namespace fs = std::filesystem;

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string>& logged() {
  static std::vector<std::string> lines;
  return lines;
}

const ganger_host* logging_host() {
  static const ganger_host host = [] {
    ganger_host table{};
    table.struct_size = sizeof table;
    table.log = [](ganger_ctx*, std::int32_t, ganger_str text) { logged().emplace_back(text.p, text.n); };
    return table;
  }();
  return &host;
}

class RegistryTest : public testing::Test {
 protected:
  void SetUp() override { logged().clear(); }

  /// Puts a copy of a test plugin there, which is another library to the loader.
  fs::path copy(const std::string& id, const std::string& to) const {
    temporary_.file(to);
    fs::copy_file(kPlugins / (id + ".so"), temporary_ / to, fs::copy_options::overwrite_existing);
    return temporary_ / to;
  }
  static Registry registry(const std::vector<fs::path>& folders) {
    return {SearchPath({}, folders, {}), logging_host()};
  }

  TemporaryFolder temporary_;
};

TEST_F(RegistryTest, GivesOutTaskTypesAndPoolKindsByTheirFullNames) {
  auto plugins = registry({kPlugins});

  const auto type = plugins.task_type("sample.hash");
  const auto kind = plugins.pool_kind("sample.box");

  ASSERT_TRUE(type) << type.error().message;
  ASSERT_TRUE(kind) << kind.error().message;
  EXPECT_EQ((*type)->id, "sample.hash");
  EXPECT_EQ((*kind)->interface, "sample.box/1");
  EXPECT_EQ((*type)->plugin, (*kind)->plugin);
}

TEST_F(RegistryTest, SaysWhatAPluginHasWhenItHasNotWhatWasAskedFor) {
  auto plugins = registry({kPlugins});

  const auto type = plugins.task_type("sample.hsh");
  const auto kind = plugins.pool_kind("sample.hash");

  ASSERT_FALSE(type || kind);
  EXPECT_EQ(type.error().message, "plugin 'sample' has no task type 'hsh'; it has: sample.hash, sample.scan");
  EXPECT_EQ(type.error().kind, ErrorKind::not_found);
  EXPECT_EQ(kind.error().message, "plugin 'sample' has no pool kind 'hash'; it has: sample.box");
}

TEST_F(RegistryTest, NamesWithoutPluginOrTypeAreExplained) {
  auto plugins = registry({kPlugins});

  for (const char* name : {"hash", "sample.", ".hash", ""})
    EXPECT_EQ(plugins.task_type(name).error().message,
              "'" + std::string(name) + "' is not of the form PLUGIN.TYPE, such as files.hash");
  EXPECT_EQ(plugins.pool_kind("box").error().message,
            "'box' is not of the form PLUGIN.KIND, such as sqlite.connection");
}

TEST_F(RegistryTest, SplitsNamesAtTheLastDot) {
  auto plugins = registry({temporary_.folder("empty")});

  const auto type = plugins.task_type("org.example.count.rows");

  ASSERT_FALSE(type);
  EXPECT_THAT(type.error().message, testing::StartsWith("plugin 'org.example.count' not found; "));
}

TEST_F(RegistryTest, WhatIsNotFoundListsEveryPathAndWhatThereIs) {
  temporary_.folder("empty");
  temporary_.file("full/demo.so");
  temporary_.file("full/alpha.so");
  auto plugins = registry({temporary_ / "none", temporary_ / "empty", temporary_ / "full"});

  const auto plugin = plugins.load("mail");

  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().kind, ErrorKind::not_found);
  EXPECT_EQ(plugin.error().message, "plugin 'mail' not found; looked in " + (temporary_ / "none").string() +
                                        " (no such folder), " + (temporary_ / "empty").string() + " (not there), " +
                                        (temporary_ / "full").string() + " (not there); there are: alpha, demo");
}

TEST_F(RegistryTest, WithoutAnyFolderTheErrorSaysHowToAddOne) {
  auto plugins = registry({});

  EXPECT_EQ(plugins.load("mail").error().message,
            "plugin 'mail' not found; looked in no folder: the search path is empty, add one with -P");
}

TEST_F(RegistryTest, LeavesTheSearchPathForNoId) {
  copy("sample", "outside/sample.so");
  auto plugins = registry({temporary_.folder("outside/plugins")});

  const auto plugin = plugins.load("../sample");

  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().message,
            "no plugin can be called '../sample': an id is made of a-z, 0-9, '_', '.' and '-', at most 63 of them");
}

TEST_F(RegistryTest, LoadsAPluginOnce) {
  auto plugins = registry({kPlugins});

  const auto first = plugins.load("sample");
  const auto second = plugins.load("sample");
  const auto by_file = plugins.load_file(kPlugins / "../plugin/sample.so");

  ASSERT_TRUE(first && second && by_file);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(*first, *by_file);
}

TEST_F(RegistryTest, KeepsAFailure) {
  temporary_.file("plugins/late.so", "");
  auto plugins = registry({temporary_ / "plugins"});

  const auto before = plugins.load("late");
  copy("sample", "plugins/late.so");
  const auto after = plugins.load("late");

  ASSERT_FALSE(before || after);
  EXPECT_EQ(after.error().message, before.error().message);
}

TEST_F(RegistryTest, TheFileMustHaveTheNameOfTheIdButOnlyInTheSearchPath) {
  const auto file = copy("sample", "plugins/renamed.so");
  auto plugins = registry({temporary_ / "plugins"});

  const auto by_id = plugins.load("renamed");
  const auto by_file = plugins.load_file(file);

  ASSERT_FALSE(by_id);
  EXPECT_EQ(by_id.error().kind, ErrorKind::refused);
  EXPECT_EQ(by_id.error().message, file.string() + " calls itself 'sample'; rename the file to sample.so");
  EXPECT_TRUE(by_file);
}

TEST_F(RegistryTest, TheFirstFolderWinsAndBothFilesAreListed) {
  const auto winner = copy("sample", "one/sample.so");
  const auto loser = copy("sample", "two/sample.so");
  const auto broken = temporary_.file("two/broken.so", "");
  auto plugins = registry({temporary_ / "one", temporary_ / "two"});

  const auto all = plugins.list();

  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].file, winner);
  EXPECT_EQ(all[0].plugin, *plugins.load("sample"));
  EXPECT_EQ(all[0].origin, "-P");
  EXPECT_EQ(all[1].file, broken);
  EXPECT_EQ(all[1].error->message, broken.string() + " is empty; build or copy it again");
  EXPECT_EQ(all[2].file, loser);
  EXPECT_EQ(all[2].shadowed_by, winner);
  EXPECT_EQ(all[2].plugin, nullptr);
}

TEST_F(RegistryTest, AFolderUnderTwoNamesIsListedOnce) {
  copy("sample", "one/sample.so");
  fs::create_directory_symlink(temporary_ / "one", temporary_ / "same");
  auto plugins = registry({temporary_ / "one", temporary_ / "same"});

  EXPECT_EQ(plugins.list().size(), 1U);
}

TEST_F(RegistryTest, WhoWatchesAFileBeingOpenedDecidesWhetherItIsTaken) {
  std::vector<fs::path> opened;
  Registry plugins(
      SearchPath({}, {kPlugins}, {}), logging_host(), {.watch_opening = [&](const fs::path& file, auto& open) {
        opened.push_back(file);
        auto plugin = open();
        return (*plugin)->id == "second" ? failure(ErrorKind::refused, "not this one") : std::move(plugin);
      }});

  const auto sample = plugins.load("sample");
  const auto second = plugins.load("second");
  const auto again = plugins.load("second");

  ASSERT_TRUE(sample) << sample.error().message;
  ASSERT_FALSE(second || again);
  EXPECT_EQ(again.error().message, "not this one");
  EXPECT_THAT(opened, ElementsAre(kPlugins / "sample.so", kPlugins / "second.so"));
}

TEST_F(RegistryTest, ListingAndLoadingStartNothing) {
  auto plugins = registry({kPlugins});

  plugins.list();
  ASSERT_TRUE(plugins.task_type("sample.hash"));

  EXPECT_THAT(logged(), IsEmpty());
  EXPECT_THAT(plugins.shut_down(), IsEmpty());
  EXPECT_THAT(logged(), IsEmpty());
}

TEST_F(RegistryTest, StartsEachPluginOnceAndShutsDownTheLastFirst) {
  auto plugins = registry({kPlugins});
  const auto sample = plugins.load("sample");
  const auto second = plugins.load("second");
  ASSERT_TRUE(sample && second);

  EXPECT_TRUE(plugins.start(**sample));
  EXPECT_TRUE(plugins.start(**second));
  EXPECT_TRUE(plugins.start(**sample));
  plugins.shut_down();
  plugins.shut_down();

  EXPECT_THAT(logged(), ElementsAre("init sample", "init second", "deinit second", "deinit sample"));
}

}  // namespace
}  // namespace ganger::host
