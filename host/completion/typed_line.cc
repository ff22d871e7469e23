#include "host/completion/typed_line.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace ganger::host {

namespace {

/// Follows the parser's rules over the words of one verb.
class WordReader {
 public:
  WordReader(TypedLine& line, Verb verb) : line_(line), options_(options_of(verb)) {}

  /// A word before the cursor.
  void take(const std::string& word) {
    if (is_option(word)) {
      line_.open = nullptr;
      take_option(word);
    } else if (line_.open) {
      line_.given[std::string(line_.open->name)].push_back(word);
      if (!line_.open->takes_many()) line_.open = nullptr;
    } else {
      line_.subjects.push_back(word);
    }
  }

  /// The word at the cursor.
  void finish(const std::string& word) {
    line_.current = word;
    if (is_option(word)) {
      line_.open = nullptr;
      const auto equals = word.find('=');
      if (!word.starts_with("--") || equals == std::string::npos) return;
      line_.open = named(std::string_view(word).substr(2, equals - 2));
      line_.prefix = word.substr(0, equals + 1);
      line_.current = word.substr(equals + 1);
    }
    // As for the parser: --only takes all that follows it, and no task has a dot in its name.
    if (const auto only = line_.given.find("only"); only != line_.given.end() && line_.subjects.empty())
      if (auto& tasks = only->second; !tasks.empty() && tasks.back().ends_with(".toml")) {
        line_.subjects.push_back(std::move(tasks.back()));
        tasks.pop_back();
      }
  }

 private:
  bool is_option(const std::string& word) const {
    return !line_.are_options_over && word.size() > 1 && word.front() == '-';
  }

  const OptionRow* named(std::string_view name) const {
    const auto found = std::ranges::find(options_, name, &OptionRow::name);
    return found == options_.end() ? nullptr : *found;
  }

  void take_option(const std::string& word) {
    if (word == "--") {
      line_.are_options_over = true;
    } else if (!word.starts_with("--")) {
      take_letters(word);
    } else {
      const auto equals = word.find('=');
      const OptionRow* option = named(std::string_view(word).substr(2, equals - 2));
      if (option != nullptr) note(*option, equals == std::string::npos ? "" : word.substr(equals + 1));
    }
  }

  /// "-kv", "-j4": flags, the last of which may take a value.
  void take_letters(std::string_view word) {
    for (word.remove_prefix(1); !word.empty(); word.remove_prefix(1)) {
      const auto option = std::ranges::find(options_, word.front(), &OptionRow::letter);
      if (option == options_.end()) return;
      if (!(*option)->value.empty()) return note(**option, std::string(word.substr(1)));
      note(**option, {});
    }
  }

  void note(const OptionRow& option, std::string value) {
    std::vector<std::string>& values = line_.given[std::string(option.name)];
    if (!value.empty())
      values.push_back(std::move(value));
    else if (!option.value.empty())
      line_.open = &option;
  }

  TypedLine& line_;
  const std::vector<const OptionRow*> options_;
};

}  // namespace

std::string_view TypedLine::value(std::string_view option) const {
  const auto found = given.find(option);
  return found == given.end() || found->second.empty() ? std::string_view() : found->second.back();
}

std::optional<TypedLine> read_typed(const std::vector<std::string>& words) {
  TypedLine line;
  if (words.size() < 2) {
    if (!words.empty()) line.current = words.front();
    return line;
  }
  const auto verb = std::ranges::find(command_rows(), words.front(), &CommandRow::name);
  if (verb == command_rows().end()) return std::nullopt;
  line.verb = verb->verb;
  WordReader reader(line, verb->verb);
  for (auto word = words.begin() + 1; word + 1 != words.end(); ++word) reader.take(*word);
  reader.finish(words.back());
  return line;
}

std::string expanded(std::string_view path) {
  const char* home = std::getenv("HOME");
  if (!path.starts_with("~/") || home == nullptr) return std::string(path);
  return home + std::string(path.substr(1));
}

}  // namespace ganger::host
