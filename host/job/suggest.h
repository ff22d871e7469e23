// "did you mean ...?"
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ganger::host {

/// The candidate a typing mistake or two away from `wrong`: the nearest by Damerau-Levenshtein distance, the first of
/// equals; letter case is ignored. One that begins with `wrong` is near too. Nothing when none is near enough for the
/// length of the word.
std::optional<std::string> closest(std::string_view wrong, const std::vector<std::string_view>& candidates);

/// " (did you mean 'after'?)", or nothing to add to a message.
std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& candidates);

}  // namespace ganger::host
