#include "host/job/suggest.h"

#include <algorithm>
#include <array>
#include <utility>

#include "host/text.h"

namespace ganger::host {
namespace {

/// Names are at most 63 bytes; nobody means one of them by something much longer.
constexpr std::size_t kLongest = 80;

/// Of those that are listed where none is near.
constexpr std::size_t kMostListed = 8;

/// From here on a word counts as meant when only its end is missing: "fail" for "failed".
constexpr std::size_t kShortestBeginning = 3;

/// How many mistakes still make it the same word.
std::size_t allowed_mistakes(std::size_t length) {
  return length < 2 ? 0 : std::clamp<std::size_t>(length / 3, 1, 3);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Insertions, deletions, replacements and swaps of neighbours that turn a into b, letter case ignored (optimal
/// string alignment). Both at most kLongest.
std::size_t distance(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, kLongest + 1>;
  std::array<Row, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const Row& two_above = rows[(i + 1) % 3];
    const Row& above = rows[(i - 1) % 3];
    Row& row = rows[i % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool is_same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (is_same ? 0U : 1U)});
      const bool is_swap = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (is_swap) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::optional<std::string> closest(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  if (wrong.size() > kLongest) return {};
  std::optional<std::string> best;
  const std::size_t allowed = allowed_mistakes(wrong.size());
  std::size_t limit = allowed + 1;  // under which a candidate must be
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const bool is_beginning = wrong.size() >= kShortestBeginning && candidate.starts_with(wrong);
    const auto [shorter, longer] = std::minmax({wrong.size(), candidate.size()});
    if (longer - shorter >= limit && !is_beginning) continue;
    const std::size_t mistakes = is_beginning ? allowed : distance(wrong, candidate);
    if (mistakes >= limit) continue;
    limit = mistakes;
    best = candidate;
  }
  return best;
}

std::string did_you_mean_text(std::string_view meant) { return " (did you mean '" + excerpt(meant) + "'?)"; }

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  const std::optional<std::string> meant = closest(wrong, candidates);
  return meant ? did_you_mean_text(*meant) : "";
}

std::string did_you_mean_one_of(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  if (std::string meant = did_you_mean(wrong, candidates); !meant.empty()) return meant;
  if (candidates.empty()) return "; there are none";
  const std::size_t shown = std::min(candidates.size(), kMostListed);
  std::string text = candidates.size() == 1 ? "; there is " : "; there are ";
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + excerpt(candidates[i]);
  if (candidates.size() > shown) text += " and " + std::to_string(candidates.size() - shown) + " more";
  return text;
}

}  // namespace ganger::host
