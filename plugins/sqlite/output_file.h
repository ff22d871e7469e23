// A file that is there in full or not at all.
#ifndef GANGER_SQLITE_OUTPUT_FILE_H
#define GANGER_SQLITE_OUTPUT_FILE_H

#include <filesystem>
#include <string_view>

namespace ganger::sqlite {

/// Writes to a temporary name in the same folder; commit() gives it its own. Without commit() nothing is left.
/// What goes wrong is thrown as ganger::error.
class OutputFile {
 public:
  /// Makes the folder when it is not there.
  explicit OutputFile(std::filesystem::path path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  /// Once; on disk when it returns.
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;
  void close() noexcept;
  std::filesystem::path path_, temporary_;
  int fd_ = -1;
};

}  // namespace ganger::sqlite

#endif  // GANGER_SQLITE_OUTPUT_FILE_H
