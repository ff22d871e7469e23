// What may stand at the cursor of a command line, for the shells: `ganger __complete WORD...` is asked by the scripts
// that `ganger completion` prints.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ganger::host {

/// The first word on the command line of who asks; the others are the words after `ganger` up to the cursor.
inline constexpr std::string_view kCompleteWord = "__complete";

/// A line for each word that may stand at the cursor, "WORD<tab>help". Where names of files may, there are
/// ":files<tab>SUFFIX" (none = any) and ":folders" besides, which the shell knows better how to complete; they are
/// about what follows the last '=' of the word. Never an error: what cannot be read gives no words.
/// Shape: words = those after the program's name, the last one up to the cursor
std::vector<std::string> completions(const std::vector<std::string>& words);

/// Answers who asks.
int run_complete(int argc, const char* const* argv);

}  // namespace ganger::host
