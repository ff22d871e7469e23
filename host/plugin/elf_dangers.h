// How a plugin file is linked, where that can hurt; for `ganger check`.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/error.h"

namespace ganger::host {

struct ElfDangers {
  bool has_writable_code = false;  ///< a segment that is both, or relocations in code
  bool has_static_tls = false;     ///< thread-local memory that only a program that starts is sure to have
  bool interposes = false;         ///< wants its symbols to be found before those of others, or an auditor
  bool has_relro = false;          ///< what the loader has filled in becomes read-only
  std::uint64_t constructors = 0;  ///< functions that run when it is opened, but for that of the compiler itself
};

/// Errors: as read_elf_file()
Result<ElfDangers> read_elf_dangers(const std::filesystem::path& file);

/// What an author should change, one sentence each.
std::vector<std::string> remarks_on(const ElfDangers& dangers);

}  // namespace ganger::host
