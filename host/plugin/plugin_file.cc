#include "host/plugin/plugin_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "host/plugin/digest.h"

namespace ganger::host {

namespace fs = std::filesystem;

PluginFile::PluginFile(fs::path path)
    : path_(std::move(path)),
      // O_NONBLOCK: a fifo must not wait for a writer.
      opened_(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)),
      identity_(opened_.is_open() ? identity_of(opened_.get()) : std::nullopt) {}

PluginFile::~PluginFile() {
  if (is_kept_) static_cast<void>(opened_.release());
}

Result<ElfFile> PluginFile::look() const {
  return identity_ ? read_open_elf_file(opened_.get(), path_) : read_elf_file(path_);
}

Result<std::string> PluginFile::sha256() const { return sha256_of(opened_.get(), path_); }

bool PluginFile::is_unchanged() const {
  return identity_ && identity_of(opened_.get()) == identity_ && identity_of(path_) == identity_;
}

std::string PluginFile::loader_name(const ElfFile& elf) const {
  const auto has_origin = [](const std::string& text) { return text.find("ORIGIN") != std::string::npos; };
  std::string name = "/proc/self/fd/" + std::to_string(opened_.get());
  const bool is_bound_to_its_place =
      std::ranges::any_of(elf.library_folders, has_origin) || std::ranges::any_of(elf.needed, has_origin);
  return is_bound_to_its_place || access(name.c_str(), R_OK) != 0 ? path_.string() : name;
}

}  // namespace ganger::host
