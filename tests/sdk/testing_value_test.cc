// Values of ganger/testing.hpp, and parameters filled in as the program does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <ganger/testing.hpp>
#include <string>

namespace {

using ganger::testing::filled_in;
using ganger::testing::params;
using ganger::testing::value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

/// A description of one parameter.
class Declared {
 public:
  Declared(std::uint32_t type, const char* def, std::uint32_t flags = 0, const char* choices = nullptr)
      : param_{sizeof(ganger_param), type, flags, 0, "x", "", def, choices} {}

  ganger::testing::values filled_with(const params& given = {}) const {
    const ganger_param* const list[] = {&param_, nullptr};
    return filled_in(list, given).at("x");
  }
  /// What is wrong; empty = nothing.
  std::string refusal(const params& given = {}) const {
    try {
      filled_with(given);
      return "";
    } catch (const ganger::error& e) {
      EXPECT_EQ(e.status(), GANGER_BAD_PARAM);
      return e.what();
    }
  }

 private:
  ganger_param param_;
};

TEST(Default, IsReadAsAJobFileIs) {
  EXPECT_THAT(Declared(GANGER_I64, "1_000").filled_with(), ElementsAre(1000));
  EXPECT_THAT(Declared(GANGER_I64, "-3").filled_with(), ElementsAre(-3));
  EXPECT_THAT(Declared(GANGER_F64, "2.5").filled_with(), ElementsAre(2.5));
  EXPECT_THAT(Declared(GANGER_F64, "2").filled_with(), ElementsAre(2.0));
  EXPECT_THAT(Declared(GANGER_BOOL, "true").filled_with(), ElementsAre(true));
  EXPECT_THAT(Declared(GANGER_STR, R"("say \"hi\"\n")").filled_with(), ElementsAre("say \"hi\"\n"));
  EXPECT_THAT(Declared(GANGER_STR, R"('C:\temp')").filled_with(), ElementsAre("C:\\temp"));
  EXPECT_THAT(Declared(GANGER_DURATION_NS, "\"1h30m\"").filled_with(), ElementsAre(90min));
  EXPECT_THAT(Declared(GANGER_DURATION_NS, "\"250ms\"").filled_with(), ElementsAre(250ms));
  EXPECT_THAT(Declared(GANGER_DURATION_NS, "\"1.5s\"").filled_with(), ElementsAre(1500ms));
  EXPECT_THAT(Declared(GANGER_SIZE, "\"2MiB\"").filled_with(), ElementsAre(2 * 1024 * 1024));
  EXPECT_THAT(Declared(GANGER_SIZE, "512").filled_with(), ElementsAre(512));
  EXPECT_THAT(Declared(GANGER_PATH, "\"/etc/hosts\"").filled_with(),
              ElementsAre(std::filesystem::path("/etc/hosts")));
}

TEST(Default, OfATextNeedsNoQuotes) {
  EXPECT_THAT(Declared(GANGER_STR, "hello, you ").filled_with(), ElementsAre("hello, you"));
  EXPECT_THAT(Declared(GANGER_DURATION_NS, "10s").filled_with(), ElementsAre(10s));
  EXPECT_THAT(Declared(GANGER_SIZE, "64KiB").filled_with(), ElementsAre(65536));
  EXPECT_THAT(Declared(GANGER_STR, "[a, b c]", GANGER_PARAM_LIST).filled_with(), ElementsAre("a", "b c"));
}

TEST(Default, OfAListIsAnArray) {
  EXPECT_THAT(Declared(GANGER_STR, R"(["a", "b", ])", GANGER_PARAM_LIST).filled_with(), ElementsAre("a", "b"));
  EXPECT_THAT(Declared(GANGER_I64, "[1,2]", GANGER_PARAM_LIST).filled_with(), ElementsAre(1, 2));
  EXPECT_THAT(Declared(GANGER_I64, "[]", GANGER_PARAM_LIST).filled_with(), IsEmpty());
  EXPECT_THAT(Declared(GANGER_I64, nullptr, GANGER_PARAM_LIST).filled_with(), IsEmpty());
}

TEST(Default, MissingReadsAsNothing) {
  EXPECT_THAT(Declared(GANGER_STR, nullptr).filled_with(), ElementsAre(""));
  EXPECT_THAT(Declared(GANGER_PATH, nullptr).filled_with(), ElementsAre(""));
  EXPECT_THAT(Declared(GANGER_I64, nullptr).filled_with(), ElementsAre(0));
  EXPECT_THAT(Declared(GANGER_F64, nullptr).filled_with(), ElementsAre(0.0));
  EXPECT_THAT(Declared(GANGER_BOOL, nullptr).filled_with(), ElementsAre(false));
  EXPECT_THAT(Declared(GANGER_STR, nullptr, 0, "a|b").filled_with(), ElementsAre(""));
}

TEST(Default, ThatIsNoValueIsRefused) {
  EXPECT_EQ(Declared(GANGER_I64, "hello").refusal(), "the default hello is not a TOML value");
  EXPECT_EQ(Declared(GANGER_STR, "\"open").refusal(), "the default \"open is not a TOML value");
  EXPECT_EQ(Declared(GANGER_I64, "4 5").refusal(), "the default 4 5 is not a TOML value");
  EXPECT_EQ(Declared(GANGER_I64, "").refusal(), "the default  is not a TOML value");
  EXPECT_EQ(Declared(GANGER_STR, "[\"a\"", GANGER_PARAM_LIST).refusal(), "the default [\"a\" is not a TOML value");
  EXPECT_EQ(Declared(GANGER_I64, "\"4\"").refusal(),
            "parameter 'x': 4 is not of the type that the parameter declares");
  EXPECT_EQ(Declared(GANGER_DURATION_NS, "\"soon\"").refusal(), "parameter 'x': \"soon\" is not a duration");
  EXPECT_EQ(Declared(GANGER_DURATION_NS, "\"10\"").refusal(), "parameter 'x': \"10\" is not a duration");
  EXPECT_EQ(Declared(GANGER_SIZE, "\"1h\"").refusal(), "parameter 'x': \"1h\" is not a size");
}

TEST(Given, BecomesTheTypeThatIsDeclared) {
  EXPECT_THAT(Declared(GANGER_DURATION_NS, nullptr).filled_with({{"x", {"10s"}}}), ElementsAre(10s));
  EXPECT_THAT(Declared(GANGER_SIZE, nullptr).filled_with({{"x", {4096}}}), ElementsAre(4096));
  EXPECT_THAT(Declared(GANGER_F64, nullptr).filled_with({{"x", {1}}}), ElementsAre(1.0));
  EXPECT_EQ(Declared(GANGER_SECRET, nullptr).filled_with({{"x", {"s"}}})[0].type(), std::uint32_t{GANGER_SECRET});
  EXPECT_EQ(Declared(GANGER_PATH, nullptr).filled_with({{"x", {"a"}}})[0].as<std::filesystem::path>(),
            std::filesystem::current_path() / "a");
}

TEST(Given, WhatTheProgramWouldRefuseIsRefused) {
  EXPECT_EQ(Declared(GANGER_I64, nullptr, GANGER_PARAM_REQUIRED).refusal(), "parameter 'x' is required");
  EXPECT_EQ(Declared(GANGER_I64, nullptr).refusal({{"x", {"four"}}}),
            "parameter 'x': four is not of the type that the parameter declares");
  EXPECT_EQ(Declared(GANGER_I64, nullptr).refusal({{"y", {4}}}), "there is no parameter 'y'");
  EXPECT_EQ(Declared(GANGER_I64, nullptr).refusal({{"x", {4, 5}}}), "parameter 'x' is not a list");
  EXPECT_EQ(Declared(GANGER_STR, nullptr, 0, "fast|safe").refusal({{"x", {"fas"}}}),
            "parameter 'x' is none of fast|safe");
  EXPECT_EQ(Declared(GANGER_STR, nullptr, 0, "fast|safe").refusal({{"x", {"safe"}}}), "");
}

TEST(Value, EqualsWhatItWasMadeOf) {
  EXPECT_EQ(value("a"), "a");
  EXPECT_EQ(value("a"), value(std::filesystem::path("a")));
  EXPECT_EQ(value::bytes(4), 4);
  EXPECT_NE(value(4), 4.0);
  EXPECT_NE(value(1), true);
  EXPECT_NE(value("4"), 4);
  EXPECT_NE(value(), 0);
}

TEST(Value, KeepsItsTextWhenItIsCopied) {
  value copy;
  {
    const std::string text = "longer than what fits into a small string";
    copy = value(text);
  }

  EXPECT_EQ(copy.as<std::string>(), "longer than what fits into a small string");
}

}  // namespace
