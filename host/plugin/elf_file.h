// Looks at a plugin file without running any of it: dlopen() runs constructors, and dies of a truncated file.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/error.h"

namespace ganger::host {

/// A shared library that this machine can open, as its headers describe it.
struct ElfFile {
  std::string build_id;                      ///< hex; empty when there is none
  std::vector<std::string> exports;          ///< names of defined symbols that others can see
  std::vector<std::string> unique_symbols;   ///< those of them that are GNU_UNIQUE, shared by all who define them
  std::vector<std::string> needed;           ///< libraries it is linked to, or that stand in for it (filters)
  std::vector<std::string> library_folders;  ///< DT_RPATH and DT_RUNPATH
  bool folders_are_inherited = false;        ///< DT_RPATH alone: its libraries are looked for there, and theirs
  std::optional<std::string> description;  ///< what its note of our ABI major holds: description_json(), or anything
  bool binds_now = false;                  ///< linked with -z now
  bool needs_executable_stack = false;
};

/// Reads what dlopen() will rely on and checks that it is there. The file is taken as hostile: any bytes give an
/// answer or an error.
/// Errors: not_found no such file;  io unreadable;  wrong_abi another machine's;  refused not a shared library, or
///         broken
Result<ElfFile> read_elf_file(const std::filesystem::path& file);
/// The same of an open file. `name` is for messages.
Result<ElfFile> read_open_elf_file(int descriptor, const std::filesystem::path& name);

/// What an author should change although the plugin loads, one sentence each; empty = nothing.
std::vector<std::string> hygiene(const ElfFile& elf);

}  // namespace ganger::host
