// A command line that is still being typed, for completion: what its words say so far, and what is asked for next.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/cli/option_table.h"

namespace ganger::host {

/// Read leniently: what is wrong with it is told when it is run.
struct TypedLine {
  std::optional<Verb> verb;           ///< nothing = the word at the cursor is to become one
  std::vector<std::string> subjects;  ///< words that are no options, in order
  std::map<std::string, std::vector<std::string>, std::less<>> given;  ///< options by their names, with their values
  const OptionRow* open = nullptr;  ///< the word at the cursor is a value of this option
  bool are_options_over = false;    ///< after "--" no word is one
  std::string prefix;               ///< of that word, before what is asked for: "--color="
  std::string current;              ///< the rest of that word

  /// The last value of an option; empty = not given.
  std::string_view value(std::string_view option) const;
};

/// Nothing where the command is none that there is.
/// Shape: words = those after the program's name up to the cursor; the last one may be empty
std::optional<TypedLine> read_typed(const std::vector<std::string>& words);

/// With ~/ as a shell has it: nothing in what is being typed has been expanded yet.
std::string expanded(std::string_view path);

}  // namespace ganger::host
