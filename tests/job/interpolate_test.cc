#include "host/job/interpolate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace ganger::host {
namespace {

using Kind = Reference::Kind;
using Piece = std::variant<std::string, Reference>;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Piece> pieces_of(std::string_view text) {
  const auto parsed = parse_template(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed ? parsed->pieces : std::vector<Piece>{};
}

/// The errors as "OFFSET+LENGTH message".
std::vector<std::string> problems_of(std::string_view text) {
  const auto parsed = parse_template(text);
  std::vector<std::string> problems;
  if (parsed) return problems;
  for (const TemplateError& error : parsed.error()) {
    problems.push_back(std::to_string(error.offset) + "+" + std::to_string(error.length) + " " + error.message);
  }
  return problems;
}

TEST(Template, TextWithoutReferencesIsOneLiteral) {
  EXPECT_THAT(pieces_of("plain $5 {x} }"), ElementsAre(Piece("plain $5 {x} }")));
  EXPECT_THAT(pieces_of(""), IsEmpty());
}

TEST(Template, EveryKindOfReferenceIsRead) {
  EXPECT_THAT(pieces_of("${params.root}"), ElementsAre(Piece(Reference{Kind::param, "root", "", 0, 14})));
  EXPECT_THAT(pieces_of("${env.HOME}"), ElementsAre(Piece(Reference{Kind::env, "HOME", "", 0, 11})));
  EXPECT_THAT(pieces_of("${run.id}"), ElementsAre(Piece(Reference{Kind::run, "id", "", 0, 9})));
  EXPECT_THAT(pieces_of("${run.dir}"), ElementsAre(Piece(Reference{Kind::run, "dir", "", 0, 10})));
  EXPECT_THAT(pieces_of("${job.dir}"), ElementsAre(Piece(Reference{Kind::job, "dir", "", 0, 10})));
  EXPECT_THAT(pieces_of("${tasks.a-1.list}"), ElementsAre(Piece(Reference{Kind::task_output, "a-1", "list", 0, 17})));
}

TEST(Template, LiteralsAndReferencesKeepTheirOrder) {
  EXPECT_THAT(pieces_of("a${env.B}${env.C}d"), ElementsAre(Piece("a"), Piece(Reference{Kind::env, "B", "", 1, 8}),
                                                           Piece(Reference{Kind::env, "C", "", 9, 8}), Piece("d")));
}

TEST(Template, ADoubledDollarMakesTheBraceLiteral) {
  EXPECT_THAT(pieces_of("cost $${x} and $$"), ElementsAre(Piece("cost ${x} and $$")));
  EXPECT_THAT(pieces_of("$$${"), ElementsAre(Piece("$${")));
}

TEST(Template, KnowsWhetherItIsASingleReference) {
  EXPECT_NE(parse_template("${env.A}")->single_reference(), nullptr);
  EXPECT_EQ(parse_template(" ${env.A}")->single_reference(), nullptr);
  EXPECT_EQ(parse_template("text")->single_reference(), nullptr);
}

TEST(Template, KnowsWhichReferencesItHolds) {
  EXPECT_FALSE(parse_template("text")->has_references());
  EXPECT_TRUE(parse_template("a${env.A}")->has_references());
  EXPECT_FALSE(parse_template("a${env.A}")->has_task_reference());
  EXPECT_TRUE(parse_template("${env.A}${tasks.a.b}")->has_task_reference());
}

TEST(Template, AllErrorsAreFoundAtOnceWithTheirPlaces) {
  EXPECT_THAT(
      problems_of("a${parms.x}b${tasks.scan}"),
      ElementsAre("1+10 '${parms.x}' refers to nothing (did you mean '${params.x}'?)",
                  "12+13 '${tasks.scan}' must name a task and one of its outputs, as in '${tasks.scan.list}'"));
}

TEST(Template, AnUnknownScopeWithoutANearOneListsThemAll) {
  EXPECT_THAT(problems_of("${HOME}"),
              ElementsAre("0+7 '${HOME}' refers to nothing; there are params, env, run, job and tasks, as in "
                          "'${params.root}', and '$${' is a literal '${'"));
}

TEST(Template, AReferenceThatIsNotClosedIsPointedAt) {
  const std::string expected = "1+2 '${' is not closed; add '}', or write '$${' for a literal '${'";

  for (const char* text : {"a${", "a${params.root", "a${params.root and $x}", "a${params\n.root}", "a${{x}}"}) {
    EXPECT_THAT(problems_of(text), ElementsAre(expected)) << text;
  }
}

TEST(Template, MalformedNamesAreExplained) {
  EXPECT_THAT(problems_of("${params}"),
              ElementsAre("0+9 '${params}' must name a parameter of the job, as in '${params.root}'"));
  EXPECT_THAT(problems_of("${params.a b}"),
              ElementsAre("0+13 '${params.a b}' must name a parameter of the job, as in '${params.root}'"));
  EXPECT_THAT(problems_of("${env.}"),
              ElementsAre("0+7 '${env.}' must name an environment variable, as in '${env.HOME}'"));
  EXPECT_THAT(problems_of("${run.name}"),
              ElementsAre("0+11 '${run.name}' refers to nothing; there is '${run.id}' or '${run.dir}'"));
  EXPECT_THAT(problems_of("${job}"), ElementsAre("0+6 '${job}' refers to nothing; there is '${job.dir}'"));
  EXPECT_THAT(
      problems_of("${tasks.a.b.c}"),
      ElementsAre("0+14 '${tasks.a.b.c}' must name a task and one of its outputs, as in '${tasks.scan.list}'"));
}

}  // namespace
}  // namespace ganger::host
