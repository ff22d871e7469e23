#include "host/plugin/default_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Param param(std::uint32_t type, std::uint32_t flags = 0, std::vector<std::string> choices = {}) {
  Param one;
  one.name = "p";
  one.type = type;
  one.flags = flags;
  one.choices = std::move(choices);
  return one;
}

/// What `text` reads as, element by element; "no" where it is no default of that parameter.
std::vector<std::string> read(std::string_view text, const Param& param) {
  Values values;
  if (!parse_default(text, param, values)) return {"no"};
  std::vector<std::string> shown_values;
  for (const auto& value : values) {
    EXPECT_EQ(value.type, param.type);
    shown_values.push_back(shown(value));
  }
  return shown_values;
}

TEST(DefaultValue, TextMayBeQuotedOrNot) {
  EXPECT_THAT(read("world", param(GANGER_STR)), ElementsAre("world"));
  EXPECT_THAT(read(" \"two words\" ", param(GANGER_STR)), ElementsAre("two words"));
  EXPECT_THAT(read(R"("a \"b\" \\ c\n")", param(GANGER_STR)), ElementsAre("a \"b\" \\ c\n"));
  EXPECT_THAT(read(R"('C:\dir')", param(GANGER_PATH)), ElementsAre("C:\\dir"));
  EXPECT_THAT(read("\"\"", param(GANGER_STR)), ElementsAre(""));
  EXPECT_THAT(read("", param(GANGER_STR)), ElementsAre(""));
}

TEST(DefaultValue, QuotesMustBeWhole) {
  for (const auto* text : {"\"open", "\"closed\" and more", "\"\\", "\"\\q\"", "'"})
    EXPECT_THAT(read(text, param(GANGER_STR)), ElementsAre("no")) << text;
}

TEST(DefaultValue, DurationsAndSizesMayBeQuotedNumbersMayNot) {
  EXPECT_THAT(read("10s", param(GANGER_DURATION_NS)), ElementsAre("10s"));
  EXPECT_THAT(read("\"10s\"", param(GANGER_DURATION_NS)), ElementsAre("10s"));
  EXPECT_THAT(read("\"64KiB\"", param(GANGER_SIZE)), ElementsAre("64KiB"));
  EXPECT_THAT(read("\"4\"", param(GANGER_I64)), ElementsAre("no"));
  EXPECT_THAT(read("\"true\"", param(GANGER_BOOL)), ElementsAre("no"));
  EXPECT_THAT(read("true", param(GANGER_BOOL)), ElementsAre("true"));
  EXPECT_THAT(read("-4", param(GANGER_I64)), ElementsAre("-4"));
  EXPECT_THAT(read("0.5", param(GANGER_F64)), ElementsAre("0.5"));
}

TEST(DefaultValue, ListsAreInBrackets) {
  const Param texts = param(GANGER_STR, GANGER_PARAM_LIST);

  EXPECT_THAT(read("[]", texts), IsEmpty());
  EXPECT_THAT(read(R"(["a, b", 'c]', d e])", texts), ElementsAre("a, b", "c]", "d e"));
  EXPECT_THAT(read("[1, 2, 3,]", param(GANGER_I64, GANGER_PARAM_LIST)), ElementsAre("1", "2", "3"));
  for (const auto* text : {"a", "", "[", "]", "[a", "[,]", "[a,,b]", "[\"a\" \"b\"]", "[\"a]"})
    EXPECT_THAT(read(text, texts), ElementsAre("no")) << text;
}

TEST(DefaultValue, MustBeOneOfTheChoices) {
  const Param one = param(GANGER_STR, 0, {"csv", "json"});
  const Param some = param(GANGER_I64, GANGER_PARAM_LIST, {"1", "2"});

  EXPECT_THAT(read("json", one), ElementsAre("json"));
  EXPECT_THAT(read("xml", one), ElementsAre("no"));
  EXPECT_THAT(read("[1, 2, 1]", some), ElementsAre("1", "2", "1"));
  EXPECT_THAT(read("[1, 3]", some), ElementsAre("no"));
}

TEST(DefaultValue, WhereThereIsNoneItReadsAsNothingOfThatType) {
  EXPECT_EQ(zero_default(param(GANGER_STR)).front().text, "");
  EXPECT_EQ(zero_default(param(GANGER_F64)).front().f, 0.0);
  EXPECT_EQ(zero_default(param(GANGER_DURATION_NS)).front().type, std::uint32_t{GANGER_DURATION_NS});
  EXPECT_THAT(zero_default(param(GANGER_STR, GANGER_PARAM_LIST)), IsEmpty());
  EXPECT_THAT(zero_default(param(GANGER_STR, GANGER_PARAM_REQUIRED)), IsEmpty());
}

}  // namespace
}  // namespace ganger::host
