// A plugin file that is opened once, so that what is looked at, hashed and loaded is one file.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "host/descriptor.h"
#include "host/error.h"
#include "host/plugin/elf_file.h"
#include "host/plugin/trust.h"

namespace ganger::host {

/// Whatever its name leads to later, this is the file that it led to at first.
class PluginFile {
 public:
  /// One that cannot be opened is told by look().
  explicit PluginFile(std::filesystem::path path);
  ~PluginFile();
  PluginFile(const PluginFile&) = delete;
  PluginFile& operator=(const PluginFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Errors: as read_elf_file()
  Result<ElfFile> look() const;
  Result<std::string> sha256() const;
  /// Which file it was, and in which state, when it was opened. Only where look() is no error.
  const FileIdentity& identity() const { return *identity_; }
  /// Has nobody written to it since, and does its name still lead to it?
  bool is_unchanged() const;

  /// By which name the loader opens this very file and no other; its own where that cannot be: without /proc, and
  /// where it looks for libraries beside itself ($ORIGIN), for which the loader needs to know where it lies.
  std::string loader_name(const ElfFile& elf) const;
  /// Leaves the descriptor open for good: the loader takes a name that it knows for a file that it has.
  void keep() { is_kept_ = true; }

 private:
  std::filesystem::path path_;
  Descriptor opened_;
  bool is_kept_ = false;
  std::optional<FileIdentity> identity_;
};

}  // namespace ganger::host
