// Each hostile plugin is refused with the message that helps, or does no harm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "host/plugin/registry.h"

namespace fs = std::filesystem;

namespace ganger::host {
namespace {

const fs::path kFolder = fs::path(GANGER_BINARY_DIR) / "hostile";

const ganger_host* bare_host() {
  static const ganger_host host = [] {
    ganger_host table{};
    table.struct_size = sizeof table;
    table.name = "test";
    table.version = GANGER_VERSION;
    return table;
  }();
  return &host;
}

/// A registry that finds the hostile plugins and nothing else.
Registry hostile_registry() { return {SearchPath({}, {kFolder}, {}), bare_host()}; }

struct Refusal {
  std::string id;
  ErrorKind kind;
  std::string message;  ///< FILE stands for the path of the plugin
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.id; }

std::string with_file(std::string message, const fs::path& file) {
  for (std::size_t at = 0; (at = message.find("FILE", at)) != std::string::npos; at += file.native().size())
    message.replace(at, 4, file.native());
  return message;
}

class HostilePlugin : public testing::TestWithParam<Refusal> {};

TEST_P(HostilePlugin, IsRefusedWithWhatIsWrongAndTheFix) {
  auto registry = hostile_registry();

  const auto plugin = registry.load(GetParam().id);

  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().message, with_file(GetParam().message, kFolder / (GetParam().id + ".so")));
  EXPECT_EQ(plugin.error().kind, GetParam().kind);
}

const std::vector<Refusal> kRefusals = {
    {"other_abi", ErrorKind::wrong_abi,
     "FILE is built for plugin ABI 2, this host has 1 (ganger " GANGER_VERSION
     "); build it with the headers of this host"},
    {"newer_host", ErrorKind::wrong_abi, "FILE needs host ABI 1.3, this is 1.0 (ganger " GANGER_VERSION ")"},
    {"no_entry", ErrorKind::refused, "FILE is no plugin: it does not export ganger_plugin_v1"},
    {"returns_null", ErrorKind::refused, "FILE is refused: ganger_plugin_v1() returned NULL"},
    {"throws_in_entry", ErrorKind::refused, "FILE is refused: ganger_plugin_v1() threw an exception: no luck today"},
    {"throws_number", ErrorKind::refused, "FILE is refused: ganger_plugin_v1() threw an exception"},
    {"missing_symbol", ErrorKind::refused,
     "FILE cannot be loaded: it uses nobody_has_this, which none of its libraries has; link it with the one that has "
     "it"},
    {"missing_library", ErrorKind::refused,
     "FILE cannot be loaded: it needs libhostile_gone.so, which is not there; install it, or see what is missing "
     "with "
     "ldd"},
    {"wrong_name", ErrorKind::refused, "FILE calls itself 'right-name'; rename the file to right-name.so"},
    {"wild_description", ErrorKind::refused, "FILE is refused: the description is not in readable memory"},
    {"endless_tasks", ErrorKind::refused, "FILE is refused: tasks have no NULL among the first 1024 pointers"},
    {"array_off_the_edge", ErrorKind::refused, "FILE is refused: tasks are not in readable memory after 1 pointers"},
    {"text_off_the_edge", ErrorKind::refused, "FILE is refused: summary of task type 'go' is not in readable memory"},
    {"no_run", ErrorKind::refused, "FILE is refused: run of task type 'go' is NULL"},
    {"data_as_code", ErrorKind::refused, "FILE is refused: run of task type 'go' does not point to code"},
    {"long_name", ErrorKind::refused,
     "FILE is refused: its description has 2 faults:\n"
     "  name of task type 1 is longer than 63 bytes\n"
     "  summary of task type 1 is longer than 1024 bytes"},
    {"twins", ErrorKind::refused,
     "FILE is refused: its description has 2 faults:\n"
     "  task type 'go' has more than one parameter 'twice'\n"
     "  there is more than one task type 'go'"},
    {"odd_sizes", ErrorKind::refused,
     "FILE is refused: its description has 3 faults:\n"
     "  task type 1 has struct_size 8; it must be the size of the struct, here 64\n"
     "  task type 2 has struct_size 0; it must be the size of the struct, here 64\n"
     "  task type 3 has struct_size 4294967295; it must be the size of the struct, here 64"},
    {"control_characters", ErrorKind::refused,
     "FILE is refused: its description has 5 faults:\n"
     "  summary of task type 'go' is not one line of UTF-8 text\n"
     "  summary of task type 'lines' is not one line of UTF-8 text\n"
     "  summary of task type 'bytes' is not one line of UTF-8 text\n"
     "  name of task type 4 is not one line of UTF-8 text\n"
     "  name of task type 5 is 'Go Now'; it may hold only a-z, 0-9, _ and -"},
    {"null_fields", ErrorKind::refused,
     "FILE is refused: its description has 11 faults:\n"
     "  id is NULL\n"
     "  version is NULL\n"
     "  name of task type 1 is NULL\n"
     "  name of parameter 1 of task type 1 is NULL\n"
     "  interface of need 1 of task type 1 is NULL\n"
     "  run of task type 1 is NULL\n"
     "  name of pool kind 1 is NULL\n"
     "  interface of pool kind 1 is NULL\n"
     "  api of pool kind 1 is NULL\n"
     "  open of pool kind 1 is NULL\n"
     "  close of pool kind 1 is NULL"},
    {"wild_pointers", ErrorKind::refused,
     "FILE is refused: its description has 12 faults:\n"
     "  license is not in readable memory\n"
     "  summary of task type 'go' is not in readable memory\n"
     "  name of parameter 1 of task type 'go' is not in readable memory\n"
     "  help of parameter 1 of task type 'go' is not in readable memory\n"
     "  choices of parameter 1 of task type 'go' is not in readable memory\n"
     "  default of parameter 1 of task type 'go' is not in readable memory\n"
     "  parameter 2 of task type 'go' is not in readable memory\n"
     "  needs of task type 'go' are not in readable memory after 0 pointers\n"
     "  run of task type 'go' does not point to code\n"
     "  task type 2 is not in readable memory\n"
     "  pool_kinds are not in readable memory after 0 pointers\n"
     "  deinit does not point to code"},
    {"bad_params", ErrorKind::refused,
     "FILE is refused: its description has 11 faults:\n"
     "  default of parameter 'number' of task type 'go' is '4x', which is not an integer\n"
     "  parameter 'both' of task type 'go' is required and has a default; it can have only one of the two\n"
     "  type of parameter 'none' of task type 'go' is none\n"
     "  default of parameter 'choice' of task type 'go' is 'c', which is not a string that is one of a, b\n"
     "  choice 'two' of parameter 'choices' of task type 'go' is not an integer\n"
     "  default of parameter 'list' of task type 'go' is 'a', which is not a list [...], each element a string\n"
     "  default of parameter 'wait' of task type 'go' is 'soon', which is not a duration\n"
     "  param of need 1 of task type 'go' is 'pool', and task type 'go' has no parameter of that name that is a "
     "string\n"
     "  param of need 2 of task type 'go' is 'number', and task type 'go' has no parameter of that name that is a "
     "string\n"
     "  interface of need 3 of task type 'go' is 'ganger.sql'; write it as ganger.sql/1\n"
     "  count of need 3 of task type 'go' is 0"},
};

INSTANTIATE_TEST_SUITE_P(All, HostilePlugin, testing::ValuesIn(kRefusals),
                         [](const auto& param_info) { return param_info.param.id; });

TEST(HostilePlugins, AskingForTooMuchStaticThreadMemoryIsExplained) {
  auto registry = hostile_registry();

  const auto plugin = registry.load("static_tls");

  ASSERT_FALSE(plugin);
  EXPECT_THAT(
      plugin.error().message,
      testing::HasSubstr("works only when it is loaded at the start of a program; link the plugin without it"));
  EXPECT_EQ(plugin.error().kind, ErrorKind::refused);
}

TEST(HostilePlugins, OneFromTheFutureIsLoadedAndWhatIsNotKnownIsAWarning) {
  auto registry = hostile_registry();

  const auto plugin = registry.load("from_the_future");

  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_THAT(
      (*plugin)->warnings,
      testing::ElementsAre("task type 'go' has flags that this host does not know: 1048576",
                           "task type 'typed' cannot be used on this host (ABI 1.0): its parameter 'later' is "
                           "of type 77, which a newer ganger may know"));
  EXPECT_TRUE(registry.task_type("from_the_future.go"));
}

TEST(HostilePlugins, ATaskTypeWithAParameterOfAnUnknownTypeIsListedButNotGivenOut) {
  auto registry = hostile_registry();

  const auto type = registry.task_type("from_the_future.typed");

  ASSERT_FALSE(type);
  EXPECT_EQ(type.error().kind, ErrorKind::wrong_abi);
  EXPECT_EQ(
      type.error().message,
      "task type 'from_the_future.typed' cannot be used on this host (ABI 1.0): its parameter 'later' is of type "
      "77, which a newer ganger may know");
}

TEST(HostilePlugins, InitThatThrowsOrFailsIsAnErrorThatIsKept) {
  auto registry = hostile_registry();
  const auto throws = registry.load("throws_in_init");
  const auto fails = registry.load("init_fails");
  ASSERT_TRUE(throws && fails);

  const auto first = registry.start(**throws);
  const auto again = registry.start(**throws);
  const auto failed = registry.start(**fails);

  ASSERT_FALSE(first || again || failed);
  EXPECT_EQ(first.error().message,
            "plugin 'throws_in_init' cannot be used: its init() threw an exception: not on a Sunday");
  EXPECT_EQ(again.error().message, first.error().message);
  EXPECT_EQ(failed.error().message, "plugin 'init_fails' cannot be used: its init() returned status 6");
  EXPECT_THAT(registry.shut_down(), testing::IsEmpty());
}

TEST(HostilePlugins, AllOfThemAreListedInOneGo) {
  auto registry = hostile_registry();

  const auto all = registry.list();

  std::vector<std::string> loaded;
  for (const auto& one : all) {
    EXPECT_EQ(one.plugin == nullptr, one.error.has_value()) << one.id;
    if (one.plugin != nullptr) loaded.push_back(one.id);
  }
  EXPECT_THAT(loaded,
              testing::ElementsAre("from_the_future", "init_fails", "rude", "stubborn", "talks", "throws_in_init"));
}

}  // namespace
}  // namespace ganger::host
