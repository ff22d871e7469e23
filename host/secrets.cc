#include "host/secrets.h"

#include <algorithm>
#include <charconv>
#include <mutex>

#include "host/text.h"

namespace ganger::host {

namespace {

constexpr std::string_view kMask = "***", kLogCutMark = "...";
// A text that short has hardly been cut by anybody, and may well begin or end like a secret.
constexpr std::size_t kLongTextBytes = 1000;
// Of a secret that was cut: to look for more would cost more than it is worth.
constexpr std::size_t kMostPartBytes = 4096;

// A sealed text: this, and then pieces, which are L SIZE : TEXT and S NUMBER , SIZE ; for a secret of that size. No
// digest of it is kept, by which it could be guessed.
constexpr std::string_view kSealMark = "\x01ganger:sealed\x01";

void add_literal(std::string& to, std::string_view text) {
  if (!text.empty()) to.append("L").append(std::to_string(text.size())).append(":").append(text);
}

/// Takes a number and the character behind it.
bool take_number(std::string_view& from, char end, std::size_t& number) {
  const auto [stopped, problem] = std::from_chars(from.data(), from.data() + from.size(), number);
  const auto length = static_cast<std::size_t>(stopped - from.data());
  if (problem != std::errc() || length == from.size() || *stopped != end) return false;
  from.remove_prefix(length + 1);
  return true;
}

/// Puts a sealed text together again, `secret(number, size)` in place of each secret; nothing when that has none.
template <class Secret>
std::optional<std::string> put_together(std::string_view sealed, const Secret& secret) {
  if (!sealed.starts_with(kSealMark)) return std::string(sealed);
  std::string text;
  for (std::string_view rest = sealed.substr(kSealMark.size()); !rest.empty();) {
    const char kind = rest.front();
    rest.remove_prefix(1);
    std::size_t number = 0, size = 0;
    if (kind == 'L' && take_number(rest, ':', size) && size <= rest.size()) {
      text += rest.substr(0, size);
      rest.remove_prefix(size);
    } else if (kind == 'S' && take_number(rest, ',', number) && take_number(rest, ';', size)) {
      const std::optional<std::string> found = secret(number, size);
      if (!found) return std::nullopt;
      text += *found;
    } else {
      return std::nullopt;
    }
  }
  return text;
}

/// Without the blanks around it, which whoever reads it from a file leaves away.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

/// How many bytes at the end of `text` are the beginning of the secret.
std::size_t begun_at_end(std::string_view text, std::string_view secret) {
  for (std::size_t n = std::min({text.size(), secret.size(), kMostPartBytes}); n >= Secrets::kLeastBytes; --n)
    if (text.ends_with(secret.substr(0, n))) return n;
  return 0;
}

/// How many bytes at the beginning of `text` are the end of the secret.
std::size_t ended_at_begin(std::string_view text, std::string_view secret) {
  for (std::size_t n = std::min({text.size(), secret.size(), kMostPartBytes}); n >= Secrets::kLeastBytes; --n)
    if (text.starts_with(secret.substr(secret.size() - n))) return n;
  return 0;
}

}  // namespace

void Secrets::add(std::string_view secret) {
  add_one(secret);
  // As it is told by those that read it line by line, or make it fit to be shown.
  if (secret.find('\n') != std::string_view::npos)
    for (std::string_view rest = secret; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      add_one(trimmed(line));
    }
  add_one(trimmed(secret));
  if (!is_printable(secret)) add_one(printable(secret));
}

void Secrets::add_one(std::string_view secret) {
  if (secret.size() < kLeastBytes) return;
  const std::unique_lock lock(mutex_);
  if (std::ranges::find(all_, secret) != all_.end()) return;
  all_.emplace_back(secret);
  longest_.store(std::max(longest_.load(), secret.size()));
  has_some_.store(true, std::memory_order_release);
}

std::vector<Secrets::Span> Secrets::found_in(std::string_view text) const {
  std::vector<Span> found;
  const auto add_part_before = [&](std::size_t end, std::string_view secret) {
    if (const std::size_t n = begun_at_end(text.substr(0, end), secret); n > 0) found.push_back({end - n, end});
  };
  const auto add_part_after = [&](std::size_t begin, std::string_view secret) {
    if (const std::size_t n = ended_at_begin(text.substr(begin), secret); n > 0) found.push_back({begin, begin + n});
  };
  {
    const std::shared_lock lock(mutex_);
    for (const std::string_view secret : all_) {
      // Those that overlap with each other, too: what one leaves of another would be seen.
      for (std::size_t at = 0; (at = text.find(secret, at)) != std::string_view::npos; ++at)
        found.push_back({at, at + secret.size()});
      for (std::size_t at = 0; (at = text.find(kLogCutMark, at)) != std::string_view::npos;
           at += kLogCutMark.size()) {
        add_part_before(at, secret);
        if (at > 0 && text[at - 1] == ' ') add_part_before(at - 1, secret);
        add_part_after(at + kLogCutMark.size(), secret);
      }
      if (text.size() < kLongTextBytes) continue;
      add_part_after(0, secret);
      add_part_before(text.size(), secret);
    }
  }
  std::ranges::sort(found, {}, &Span::begin);
  std::vector<Span> merged;
  for (const Span& span : found) {
    if (!merged.empty() && span.begin <= merged.back().end)
      merged.back().end = std::max(merged.back().end, span.end);
    else
      merged.push_back(span);
  }
  return merged;
}

void Secrets::replace(std::string& text) const {
  const auto spans = found_in(text);
  if (spans.empty()) return;
  std::string out;
  std::size_t at = 0;
  for (const Span& span : spans) {
    out.append(text, at, span.begin - at).append(kMask);
    at = span.end;
  }
  text = out.append(text, at);
}

std::optional<std::string> Secrets::sealed(std::string_view text) const {
  const auto spans = any() ? found_in(text) : std::vector<Span>();
  if (spans.empty() && !text.starts_with(kSealMark)) return std::string(text);
  std::string out(kSealMark);
  std::size_t at = 0;
  for (const Span& span : spans) {
    add_literal(out, text.substr(at, span.begin - at));
    const auto seal_of_span = seal(text.substr(span.begin, span.end - span.begin));
    if (!seal_of_span) return std::nullopt;
    out += *seal_of_span;
    at = span.end;
  }
  add_literal(out, text.substr(at));
  return out;
}

/// One secret, or several without anything between them.
std::optional<std::string> Secrets::seal(std::string_view span) const {
  const std::shared_lock lock(mutex_);
  std::string out;
  while (!span.empty()) {
    std::size_t best = all_.size();
    for (std::size_t i = 0; i < all_.size(); ++i)
      if (span.starts_with(all_[i]) && (best == all_.size() || all_[i].size() > all_[best].size())) best = i;
    if (best == all_.size()) return std::nullopt;
    out += "S" + std::to_string(best) + "," + std::to_string(all_[best].size()) + ";";
    span.remove_prefix(all_[best].size());
  }
  return out;
}

std::optional<std::string> Secrets::opened(std::string_view sealed) const {
  const std::shared_lock lock(mutex_);
  return put_together(sealed, [this](std::size_t number, std::size_t size) -> std::optional<std::string> {
    if (number >= all_.size() || all_[number].size() != size) return std::nullopt;
    return all_[number];
  });
}

bool Secrets::looks_sealed(std::string_view text) { return text.starts_with(kSealMark); }

std::string Secrets::shown(std::string_view sealed) {
  return put_together(sealed, [](std::size_t, std::size_t) { return std::optional<std::string>(kMask); })
      .value_or(std::string(kMask));
}

std::size_t Secrets::cut_after(std::string_view text, std::size_t most) const {
  if (text.size() <= most || !any()) return std::min(text.size(), most);
  for (const Span& span : found_in(text))
    if (span.begin < most && span.end > most) return span.end;
  return most;
}

Secrets& secrets_of_process() {
  // Never destroyed: a thread that is left behind may speak until the very end.
  static auto& the_one = *new Secrets;
  return the_one;
}

}  // namespace ganger::host
