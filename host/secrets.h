// The secrets of this process, and the one function that takes them out of a text. Everything that leaves the process
// (events, answers, errors, records) passes it; host/REFERENCE.md says what it promises.
#pragma once
#include <atomic>
#include <cstddef>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ganger::host {

/// Thread: every member from any thread. Costs one load where there are no secrets.
class Secrets {
 public:
  /// A shorter text cannot be masked: it is part of too many others.
  static constexpr std::size_t kLeastBytes = 4;

  Secrets() = default;
  Secrets(const Secrets&) = delete;
  Secrets& operator=(const Secrets&) = delete;

  /// From now on it is masked, and so is each of its lines.
  void add(std::string_view secret);
  bool any() const { return has_some_.load(std::memory_order_acquire); }
  /// Has mask() something to replace in it?
  bool are_in(std::string_view text) const { return any() && !found_in(text).empty(); }

  /// `***` in place of each secret, and of a part of one that is left at a cut: before or after "...", and at the
  /// edges of a long text.
  void mask(std::string& text) const {
    if (any()) replace(text);
  }
  std::string masked(std::string text) const {
    mask(text);
    return text;
  }

  /// For a record: with the number of each secret in its place; a text without any is itself. Nothing where it holds
  /// but a part of one.
  std::optional<std::string> sealed(std::string_view text) const;
  /// A text that was sealed by a process that has learned the same secrets in the same order, as it was. Nothing
  /// where they are not known here.
  std::optional<std::string> opened(std::string_view sealed) const;
  /// Does it begin as a sealed text does? Then it has to be sealed itself, for opened() to return it as it is.
  static bool looks_sealed(std::string_view text);
  /// With `***` in place of what is sealed.
  static std::string shown(std::string_view sealed);

  /// How much more of a text must be seen to know what begins in it.
  std::size_t longest() const { return any() ? longest_.load(std::memory_order_relaxed) : 0; }
  /// Where to cut `text` so that no secret is in two pieces: after `most` bytes or a little later.
  /// Shape: with longest() bytes after `most`, unless the text ends before
  std::size_t cut_after(std::string_view text, std::size_t most) const;

 private:
  struct Span {
    std::size_t begin = 0, end = 0;
  };
  /// In order, none touching another.
  std::vector<Span> found_in(std::string_view text) const;
  void replace(std::string& text) const;
  std::optional<std::string> seal(std::string_view span) const;
  void add_one(std::string_view secret);

  std::atomic<bool> has_some_{false};
  std::atomic<std::size_t> longest_{0};
  mutable std::shared_mutex mutex_;
  std::vector<std::string> all_;  // guarded by mutex_
};

/// A process has one run, and so one set of secrets.
Secrets& secrets_of_process();

}  // namespace ganger::host
