// What a command writes to one of its streams: the beginning in memory, all of it in a file when it is long.
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

/// Thread: one. What goes wrong is thrown as ganger::error.
class Capture {
 public:
  using FolderMaker = std::function<std::filesystem::path()>;

  /// name = of the stream and of the file, which is made in that folder once there are more than `cap` bytes;
  /// keep = how many bytes full_text() should have.
  Capture(const char* name, std::size_t cap, std::size_t keep, FolderMaker folder)
      : name_(name), cap_(cap), keep_(keep < cap ? cap : keep), folder_(std::move(folder)) {}

  void add(std::string_view bytes);
  /// Once, at the end of the stream.
  void finish();

  /// UTF-8 without NULs, at most `cap` bytes of it, and without line feeds at the end unless it is only the
  /// beginning.
  const std::string& text() const { return text_; }
  /// All bytes, when they are not more than `keep`.
  const std::string& full_text() const { return kept_; }
  bool is_full_text_whole() const { return total_ == kept_.size(); }
  std::uint64_t bytes() const { return total_; }
  /// Empty when text() says it all.
  const std::filesystem::path& file() const { return file_; }

 private:
  void write_to_file(std::string_view bytes);
  void make_text();

  const char* const name_;
  const std::size_t cap_, keep_;
  const FolderMaker folder_;
  std::uint64_t total_ = 0;
  std::string kept_, text_;
  std::filesystem::path file_;
  Descriptor to_;
};

}  // namespace ganger::exec

#endif  // GANGER_EXEC_CAPTURE_H
