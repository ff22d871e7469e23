// The commands and options there are, one row each. Parsing, help, completion, manual pages and the command line that
// is recorded with a run are all made from these rows.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/cli/options.h"

namespace ganger::host {

struct CommandRow {
  Verb verb;
  std::string_view name, summary;
  std::string_view subject;  ///< its first argument, for the error where it is missing; empty = it needs none
  std::string_view usage, about, example;
};

/// A set of commands.
class Verbs {
 public:
  constexpr Verbs(std::initializer_list<Verb> verbs) {
    for (const Verb v : verbs) bits_ |= 1U << static_cast<unsigned>(v);
  }
  constexpr bool has(Verb verb) const { return (bits_ >> static_cast<unsigned>(verb) & 1U) != 0; }
  constexpr Verbs operator|(Verbs other) const {
    other.bits_ |= bits_;
    return other;
  }

 private:
  std::uint32_t bits_ = 0;
};

struct OptionRow {
  Verbs verbs;            ///< the commands that take it
  std::string_view name;  ///< without dashes
  char letter;            ///< its short form; 0 = none
  std::string_view
      value;  ///< what it takes, as the help calls it: "DIR"; "skip|wait" = one of these; empty = nothing
  std::string_view help;
  /// Puts a value into the options, once for each that was given. Errors: usage; what is wrong, after the option's
  /// name
  Result<void> (*take)(Options& options, const std::string& given);
  /// Adds the words with which a run is recorded. Null = it is asked for anew each time the run is resumed.
  void (*record)(const RunOptions& options, const std::string& option, std::vector<std::string>& words) = nullptr;
  bool may_repeat = false;  ///< each adds to those before

  bool takes_many() const { return value.ends_with("..."); }
};

std::span<const CommandRow> command_rows();
const CommandRow& row_of(Verb verb);

/// The options of a command, in the order of the help. Lifetime: for ever
std::vector<const OptionRow*> options_of(Verb verb);

}  // namespace ganger::host
