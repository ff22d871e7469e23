// Descriptions that are right, and single rules; descriptions that are hostile are plugins of their own, in
// tests/hostile.
#include "host/plugin/description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ganger_status run(const ganger_host*, ganger_ctx*, void*) { return GANGER_OK; }
ganger_status open(const ganger_host*, ganger_ctx*, void*, void**) { return GANGER_OK; }
void close(void*, void*) {}
ganger_status init(const ganger_host*) { return GANGER_OK; }

/// A sound description of one task type and one pool kind, to be spoilt by a test.
struct Described {
  ganger_param text{sizeof(ganger_param), GANGER_STR, 0, 0, "text", "What to say", "\"hi\"", nullptr};
  ganger_param pool{sizeof(ganger_param), GANGER_STR, 0, 0, "pool", nullptr, nullptr, nullptr};
  ganger_param format{sizeof(ganger_param), GANGER_STR, GANGER_PARAM_LIST, 0, "format", "How", "[csv]", "csv|json"};
  std::array<const ganger_param*, 4> params{&text, &pool, &format, nullptr};
  ganger_need need{sizeof(ganger_need), 2, "ganger.sql/1", "pool"};
  std::array<const ganger_need*, 2> needs{&need, nullptr};
  ganger_task task{
      sizeof(ganger_task), GANGER_TASK_HEAVY, "say", "Says it", params.data(), needs.data(), this, nullptr, run};
  std::array<const ganger_task*, 2> tasks{&task, nullptr};
  std::uint32_t api = sizeof(std::uint32_t);
  ganger_pool_kind kind{sizeof(ganger_pool_kind),
                        GANGER_POOL_HOST_ONLY,
                        "box",
                        "A box",
                        "demo.box/1",
                        &api,
                        nullptr,
                        nullptr,
                        open,
                        nullptr,
                        nullptr,
                        close};
  std::array<const ganger_pool_kind*, 2> kinds{&kind, nullptr};
  ganger_plugin plugin{sizeof(ganger_plugin), 0,    0,      0, "org.demo", "1.0.0", "MIT", tasks.data(),
                       kinds.data(),          init, nullptr};

  Result<std::unique_ptr<Plugin>> read() const { return read_description(&plugin, "/lib/demo.so"); }
  std::string fault() const {
    const auto result = read();
    return result ? "none" : result.error().message;
  }
};

TEST(Description, IsCopiedWholly) {
  const Described described;

  const auto plugin = described.read();

  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_EQ((*plugin)->id, "org.demo");
  EXPECT_EQ((*plugin)->version, "1.0.0");
  EXPECT_EQ((*plugin)->license, "MIT");
  EXPECT_EQ((*plugin)->file, "/lib/demo.so");
  EXPECT_EQ((*plugin)->init, init);
  EXPECT_EQ((*plugin)->deinit, nullptr);
  EXPECT_THAT((*plugin)->warnings, IsEmpty());
}

TEST(Description, TaskTypeHasItsParametersAndNeeds) {
  const Described described;

  const auto plugin = described.read();

  ASSERT_TRUE(plugin) << plugin.error().message;
  const TaskType* type = (*plugin)->find_task_type("say");
  ASSERT_NE(type, nullptr);
  EXPECT_EQ(type->id, "org.demo.say");
  EXPECT_EQ(type->plugin, plugin->get());
  EXPECT_TRUE(type->is_heavy());
  EXPECT_EQ(type->run, run);
  EXPECT_EQ(type->user, &described);
  ASSERT_EQ(type->params.size(), 3U);
  EXPECT_EQ(type->params[0].default_values.front().text, "hi");
  EXPECT_FALSE(type->params[1].has_default);
  EXPECT_EQ(type->params[1].default_values.front().text, "");
  EXPECT_THAT(type->params[2].choices, ElementsAre("csv", "json"));
  EXPECT_EQ(type->find_param("format"), 2U);
  EXPECT_EQ(type->find_param("nothing"), std::nullopt);
  ASSERT_EQ(type->needs.size(), 1U);
  EXPECT_EQ(type->needs[0].interface, "ganger.sql/1");
  EXPECT_EQ(type->needs[0].param, "pool");
  EXPECT_EQ(type->needs[0].count, 2U);
}

TEST(Description, PoolKindHasItsInterfaceAndFunctions) {
  const Described described;

  const auto plugin = described.read();

  ASSERT_TRUE(plugin) << plugin.error().message;
  const PoolKind* kind = (*plugin)->find_pool_kind("box");
  ASSERT_NE(kind, nullptr);
  EXPECT_EQ(kind->id, "org.demo.box");
  EXPECT_EQ(kind->interface, "demo.box/1");
  EXPECT_EQ(kind->api, &described.api);
  EXPECT_EQ(kind->open, open);
  EXPECT_EQ(kind->close, close);
  EXPECT_EQ(kind->check, nullptr);
}

TEST(Description, PluginMayProvideNothing) {
  Described described;
  described.plugin.tasks = nullptr;
  described.plugin.pool_kinds = nullptr;
  described.plugin.license = nullptr;

  const auto plugin = described.read();

  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_THAT((*plugin)->task_types, IsEmpty());
}

TEST(Description, StructOfALaterMinorIsReadAsFarAsItIsKnown) {
  struct Later {
    ganger_plugin plugin;
    const char* appended;
  } later{Described().plugin, "new"};
  later.plugin.struct_size = sizeof(Later);
  later.plugin.tasks = nullptr;
  later.plugin.pool_kinds = nullptr;

  EXPECT_TRUE(read_description(&later.plugin, "/lib/demo.so"));
}

TEST(Description, TooSmallAStructIsRefused) {
  Described described;
  described.need.struct_size = 4;

  EXPECT_EQ(
      described.fault(),
      "/lib/demo.so is refused: need 1 of task type 'say' has struct_size 4; it must be the size of the struct, "
      "here 24");
}

TEST(Description, PluginThatNeedsANewerHostIsOfAnotherAbiWhateverElseIsInIt) {
  Described described;
  described.plugin.min_host_minor = 3;
  described.plugin.id = nullptr;

  const auto plugin = described.read();

  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().kind, ErrorKind::wrong_abi);
  EXPECT_EQ(plugin.error().message, "/lib/demo.so needs host ABI 1.3, this is 1.0 (ganger " GANGER_VERSION ")");
}

TEST(Description, PluginOfALaterMinorThatDoesWithThisHostIsFine) {
  Described described;
  described.plugin.abi_minor = 7;

  const auto plugin = described.read();

  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_EQ((*plugin)->abi_minor, 7U);
}

TEST(Description, UnknownFlagsAreAWarning) {
  Described described;
  described.task.flags |= 1U << 30U;
  described.kind.flags |= 1U << 29U;
  described.text.flags |= 1U << 28U;

  const auto plugin = described.read();

  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_THAT((*plugin)->warnings,
              ElementsAre("task type 'say' has flags that this host does not know: 1073741824",
                          "parameter 'text' of task type 'say' has flags that this host does not know: 268435456",
                          "pool kind 'box' has flags that this host does not know: 536870912"));
}

TEST(Description, ParameterOfAnUnknownTypeMakesItsOwnerUnusableAndNothingElse) {
  Described described;
  std::array<const ganger_param*, 2> settings{&described.text, nullptr};
  described.kind.params = settings.data();
  described.text.type = 99;

  const auto plugin = described.read();

  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_EQ(
      (*plugin)->find_pool_kind("box")->unusable,
      "cannot be used on this host (ABI 1.0): its parameter 'text' is of type 99, which a newer ganger may know");
  EXPECT_THAT((*plugin)->find_task_type("say")->unusable, HasSubstr("type 99"));
}

TEST(Description, IdsAreOfAFewCharactersAndStartWithALetterOrDigit) {
  Described described;

  for (const char* bad : {"", "Demo", "a/b", "a b", "..", "-a", ".hidden"}) {
    described.plugin.id = bad;
    EXPECT_THAT(described.fault(), HasSubstr("id is '" + std::string(bad) + "'; it m")) << bad;
  }
  described.plugin.id = "a1_b-c.d";
  EXPECT_EQ(described.fault(), "none");
}

TEST(Description, NamesAreAtMost63Bytes) {
  Described described;
  const std::string longest(63, 'a');
  const std::string too_long(64, 'a');

  described.task.name = longest.c_str();
  EXPECT_EQ(described.fault(), "none");
  described.task.name = too_long.c_str();
  EXPECT_EQ(described.fault(), "/lib/demo.so is refused: name of task type 1 is longer than 63 bytes");
}

TEST(Description, NamesOfTaskTypesHaveNoDots) {
  Described described;
  described.task.name = "a.b";

  EXPECT_EQ(described.fault(),
            "/lib/demo.so is refused: name of task type 1 is 'a.b'; it may hold only a-z, 0-9, _ and -");
}

TEST(Description, InterfacesEndWithTheirMajor) {
  Described described;

  for (const char* bad : {"demo.box", "demo.box/", "/1", "demo.box/one", "Demo/1", ""}) {
    described.kind.interface = bad;
    EXPECT_EQ(described.fault(), "/lib/demo.so is refused: interface of pool kind 'box' is '" + std::string(bad) +
                                     "'; write it as ganger.sql/1");
  }
}

TEST(Description, ApiMustBeATableWithItsSize) {
  Described described;

  described.api = 2;
  EXPECT_EQ(described.fault(),
            "/lib/demo.so is refused: api of pool kind 'box' has struct_size 2; it must be the size of the table");
  described.kind.api = reinterpret_cast<const void*>(std::uintptr_t{5});
  EXPECT_EQ(described.fault(), "/lib/demo.so is refused: api of pool kind 'box' is not in readable memory");
}

TEST(Description, FaultsPastTheTwentiethAreCounted) {
  Described described;
  std::array<const ganger_task*, 31> tasks{};
  described.task.run = nullptr;
  for (std::size_t i = 0; i < 15; ++i) tasks[i] = &described.task;  // each without run, 14 of them twins
  described.plugin.tasks = tasks.data();

  EXPECT_THAT(described.fault(), HasSubstr("its description has 29 faults:"));
  EXPECT_THAT(described.fault(), HasSubstr("\n  and 9 more"));
}

}  // namespace
}  // namespace ganger::host
