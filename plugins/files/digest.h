// SHA-256 of a file's contents.
#ifndef GANGER_FILES_DIGEST_H
#define GANGER_FILES_DIGEST_H

#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>
#include <ganger/plugin.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ganger::files {

/// SHA-256, again and again. Thread: one at a time.
class Digest {
 public:
  Digest();
  void start();
  void add(std::span<const std::byte> bytes);
  /// In hexadecimal, lower case, as sha256sum prints it.
  std::string finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

/// What there is to say of one file: a digest or an error.
struct FileRow {
  std::string_view path;
  std::optional<std::int64_t> size_bytes;  ///< as many as were read
  std::optional<std::int64_t> mtime_s;     ///< since 1970, before it was read
  std::string sha256;
  std::string error;  ///< empty = none
};

/// Reads the file at `path` through `buffer`. Only stopping is thrown: what is wrong with the file is in the row.
/// Shape: path followed by a NUL.
FileRow hash_file(const ctx& c, std::string_view path, Digest& digest, std::span<std::byte> buffer);

}  // namespace ganger::files

#endif  // GANGER_FILES_DIGEST_H
