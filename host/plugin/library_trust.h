// The libraries that the loader would open with a plugin are as much its code as the file is.
#pragma once
#include <filesystem>
#include <functional>

#include "host/error.h"
#include "host/plugin/elf_file.h"
#include "host/plugin/trust.h"

namespace ganger::host {

using ReadElf = std::function<Result<ElfFile>(const std::filesystem::path& file)>;

/// Follows what the loader would open: what `elf` and its libraries are linked to (or stands in for them:
/// DT_AUXILIARY, DT_FILTER), as far as it lies in folders that they name themselves. Those folders and libraries are
/// held to what check_trust() says, and may not depend on the current directory. Libraries of the system are the
/// business of who runs it. Shape: file absolute, by the name that is going to be opened; what `elf` was read from
/// Errors: refused, io
Result<void> check_libraries(const ElfFile& elf, const std::filesystem::path& file, uid_t user,
                             const LookAt& look = look_at, const ReadElf& read = read_elf_file);

}  // namespace ganger::host
