// What a command writes to one of its streams: its beginning and its end in memory, more of it in a file when it is
// long.
#ifndef GANGER_EXEC_CAPTURE_H
#define GANGER_EXEC_CAPTURE_H

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "descriptor.h"

namespace ganger::exec {

/// How much of a stream is kept where.
struct CaptureLimits {
  std::size_t text;    ///< bytes of text(): of what is longer, the beginning and the end
  std::size_t search;  ///< bytes of full_text(), at least those of text()
  std::uint64_t file;  ///< bytes of the file: of what is longer, again the beginning and the end
};

/// Thread: one. What goes wrong is thrown as ganger::error.
class Capture {
 public:
  using FolderMaker = std::function<std::filesystem::path()>;

  /// name = of the stream and of the file, which is made in that folder once there is more than text() takes.
  Capture(const char* name, const CaptureLimits& limits, FolderMaker folder)
      : name_(name), limits_(limits), folder_(std::move(folder)) {}

  void add(std::string_view bytes);
  /// Once, at the end of the stream.
  void finish();

  /// UTF-8 without NULs and without line feeds at the end. Of a long stream the beginning and the end, with a mark
  /// between them that says how much is left out; cut at the ends of lines where there are some.
  const std::string& text() const { return text_; }
  /// All bytes, when they are not more than `search`.
  const std::string& full_text() const { return kept_; }
  bool is_full_text_whole() const { return total_ == kept_.size(); }
  std::uint64_t bytes() const { return total_; }
  /// Empty when text() says it all.
  const std::filesystem::path& file() const { return file_; }
  bool is_file_whole() const { return total_ <= limits_.file; }

 private:
  std::uint64_t half_file() const { return limits_.file / 2; }
  void write_to_file(std::string_view bytes);
  void write_at(std::uint64_t at, std::string_view bytes);
  void put_file_in_order();
  void make_text();

  const char* const name_;
  const CaptureLimits limits_;
  const FolderMaker folder_;
  std::uint64_t total_ = 0, in_file_ = 0;
  std::string kept_, last_, text_;  // last_: at least the end that text() has, when there is that much
  std::filesystem::path file_;
  // The first half of the limit, then the rest; past the limit the rest goes round in the second half.
  Descriptor to_;
};

}  // namespace ganger::exec

#endif  // GANGER_EXEC_CAPTURE_H
