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

/// " (did you mean 'after'?)".
std::string did_you_mean_text(std::string_view meant);

/// The same for the closest candidate, or nothing to add to a message.
std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& candidates);

/// The same, or when none is near the first few that there are: "; there are a, b, c and 7 more".
std::string did_you_mean_one_of(std::string_view wrong, const std::vector<std::string_view>& candidates);

}  // namespace ganger::host
