// Opens a plugin's shared library and calls its entry. The only place that knows Boost.DLL.
#pragma once
#include <ganger/plugin.h>

#include <filesystem>
#include <string>

#include "host/error.h"
#include "host/plugin/elf_file.h"

namespace ganger::host {

/// Is `elf`, read from `file`, a plugin of this ABI? None of its code has run.
/// Errors: refused it is no plugin;  wrong_abi another major
Result<void> check_entry(const ElfFile& elf, const std::filesystem::path& file);

/// Opens `file` for good (it is never unloaded) and asks its ganger_plugin_v1() for the description, which is not
/// looked at yet: it may be any address but null. None of its code runs when it is not a plugin of this ABI.
/// Shape:  file absolute
/// Errors: those of read_elf_file();  refused it cannot be opened, is no plugin, its entry throws or returns NULL;
///         wrong_abi another major
/// Thread: [load]
Result<const ganger_plugin*> open_plugin(const std::filesystem::path& file, const ganger_host* host);
/// The same for a file that has been read already. `loader_name`: another name of it, by which it is opened; whoever
/// asks about it later, such as a debugger or dladdr(), is told `file`.
Result<const ganger_plugin*> open_plugin(const std::filesystem::path& file, const ElfFile& elf,
                                         const ganger_host* host, const std::string& loader_name);

}  // namespace ganger::host
