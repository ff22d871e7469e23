#include "host/plugin/description_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/plugin/registry.h"
#include "tests/plugin/sample_plugins.h"

namespace fs = std::filesystem;

namespace ganger::host {
namespace {

using testing::HasSubstr;
using Json = nlohmann::ordered_json;

/// A description with one task type and one pool kind, and nothing wrong in it.
Json sound() {
  return Json::parse(R"({
    "id": "p", "version": "1.0", "license": "MIT", "abi_minor": 0, "min_host_minor": 0,
    "tasks": [{"name": "go", "summary": "Goes", "flags": 1,
               "params": [{"name": "how", "help": "how", "type": 4, "flags": 0, "choices": ["far", "fast"], "default": "far"},
                          {"name": "pool", "help": "", "type": 4, "flags": 1}],
               "needs": [{"interface": "p.box/1", "count": 2, "param": "pool"}]}],
    "pool_kinds": [{"name": "box", "summary": "Boxes", "interface": "p.box/1", "flags": 2, "params": []}]})");
}

std::string why_not(const std::string& text) {
  const auto plugin = parse_description(text, "/p.so");
  if (plugin) return "fine";
  EXPECT_EQ(plugin.error().kind, ErrorKind::refused);
  return plugin.error().message;
}
std::string why_not_json(const Json& json) { return why_not(json.dump()); }

TEST(DescriptionJson, HoldsAllOfARealPlugin) {
  Registry registry(SearchPath({}, {kPlugins}, {}), nullptr);
  const auto opened = registry.load("sample");
  ASSERT_TRUE(opened) << opened.error().message;
  const std::string text = description_json(**opened);

  const auto parsed = parse_description(text, (*opened)->file);

  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(description_json(**parsed), text);
  EXPECT_EQ((*parsed)->task_types.size(), (*opened)->task_types.size());
  EXPECT_EQ((*parsed)->file, (*opened)->file);
}

TEST(DescriptionJson, GivesTypesWithoutFunctions) {
  const auto parsed = parse_description(sound().dump(), "/p.so");

  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_FALSE((*parsed)->is_open);
  const TaskType& type = *(*parsed)->task_types.at(0);
  EXPECT_EQ(type.id, "p.go");
  EXPECT_EQ(type.plugin, parsed->get());
  EXPECT_TRUE(type.is_heavy());
  EXPECT_EQ(type.run, nullptr);
  EXPECT_EQ(type.params.at(0).default_values.at(0).text, "far");
  EXPECT_THAT(type.params.at(0).choices, testing::ElementsAre("far", "fast"));
  EXPECT_FALSE(type.params.at(1).has_default);
  EXPECT_EQ(type.needs.at(0).count, 2U);
  const PoolKind& kind = *(*parsed)->pool_kinds.at(0);
  EXPECT_EQ(kind.interface, "p.box/1");
  EXPECT_EQ(kind.api, nullptr);
  EXPECT_EQ(kind.open, nullptr);
  EXPECT_EQ(kind.close, nullptr);
}

TEST(DescriptionJson, WhatIsNoDescriptionMakesNoSense) {
  const char* const kWhy = "/p.so is refused: what it says it provides makes no sense";

  for (const char* text : {"", "{", "[]", "null", "42", "{}", R"({"id":"p"})", "\xff\xfe", "[[[[[[[[[["})
    EXPECT_EQ(why_not(text), kWhy) << text;
  for (const char* key : {"tasks", "pool_kinds", "abi_minor", "min_host_minor"}) {
    Json odd = sound();
    odd[key] = "odd";
    EXPECT_EQ(why_not_json(odd), kWhy) << key;
  }
}

TEST(DescriptionJson, NumbersThatAreNoneOfTheAbiMakeNoSense) {
  for (const Json& number : {Json(-1), Json(1.5), Json(4294967296), Json("1"), Json(nullptr), Json(true)}) {
    Json odd = sound();
    odd["tasks"][0]["flags"] = number;
    EXPECT_THAT(why_not_json(odd), HasSubstr("makes no sense")) << number;
  }
}

TEST(DescriptionJson, ATextWithANulMakesNoSense) {
  Json odd = sound();
  odd["tasks"][0]["summary"] = std::string("a\0b", 3);

  EXPECT_THAT(why_not_json(odd), HasSubstr("makes no sense"));
}

TEST(DescriptionJson, KeepsTheRulesOfEveryDescription) {
  Json name = sound(), control = sound(), twice = sound(), def = sound(), need = sound(), none = sound();
  name["tasks"][0]["name"] = "Go Now";
  control["version"] = "1\033[2J";
  twice["tasks"].push_back(sound()["tasks"][0]);
  def["tasks"][0]["params"][0]["default"] = "slow";
  need["tasks"][0]["needs"][0]["param"] = "nothing";
  none.erase("id");

  EXPECT_THAT(why_not_json(name), HasSubstr("name of task type 1 is 'Go Now'; it may hold only a-z"));
  EXPECT_THAT(why_not_json(control), HasSubstr("version is not one line of UTF-8 text"));
  EXPECT_THAT(why_not_json(twice), HasSubstr("there is more than one task type 'go'"));
  EXPECT_THAT(why_not_json(def), HasSubstr("default of parameter 'how' of task type 'go' is 'slow'"));
  EXPECT_THAT(why_not_json(need), HasSubstr("has no parameter of that name that is a string"));
  EXPECT_THAT(why_not_json(none), HasSubstr("id is NULL"));
}

TEST(DescriptionJson, DeepNestingIsNoTrouble) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');

  EXPECT_THAT(why_not(R"({"tasks":)" + deep + "}"), HasSubstr("makes no sense"));
}

TEST(DescriptionJson, QuotesWhatJsonWouldMisread) {
  Json json = sound();
  json["tasks"][0]["summary"] = R"(\ says "go" and \"gone\" )";
  const auto plugin = parse_description(json.dump(), "/p.so");
  ASSERT_TRUE(plugin) << plugin.error().message;

  EXPECT_EQ(Json::parse(description_json(**plugin))["tasks"][0]["summary"], json["tasks"][0]["summary"]);
}

TEST(Note, MayHoldMoreThanThisHostKnows) {
  const auto plugin = parse_description(sound().dump(), "/p.so");
  ASSERT_TRUE(plugin) << plugin.error().message;
  Json newer = sound();
  newer["tasks"][0]["colour"] = "red";

  EXPECT_TRUE(check_note(newer.dump(), **plugin, "/p.so"));
}

TEST(Note, ThatSaysSomethingElseIsRefusedWithThePlace) {
  const auto plugin = parse_description(sound().dump(), "/p.so");
  ASSERT_TRUE(plugin) << plugin.error().message;
  Json other = sound();
  other["tasks"][0]["params"][0]["default"] = "fast";

  const auto checked = check_note(other.dump(), **plugin, "/p.so");

  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("they differ at /tasks/0/params/0/default; build it again"));
}

}  // namespace
}  // namespace ganger::host
