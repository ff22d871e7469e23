// Where the journal lives, and how it is opened, made, or put out of the way.
#pragma once
#include <filesystem>
#include <memory>

#include "host/journal/database.h"

namespace ganger::host {

/// Makes the folder of a journal where there is none. Nobody but root and this user may be able to change it, or what
/// lies in it: all of that is believed.
/// Errors: refused, cannot_create, io
Result<void> make_state_folder(const std::filesystem::path& state);
/// The second half of that: what is there is fine, or there is nothing.
Result<void> check_state_folder(const std::filesystem::path& state);

/// Opens `state`/journal.db with the tables of this version, or makes it. Safe against other processes that do so.
/// Errors: as Journal::open()
Result<std::unique_ptr<Database>> open_journal_file(const std::filesystem::path& state);

/// Is there something that only somebody with other rights could write, such as all on a read-only file system?
bool is_read_only(const std::filesystem::path& state);

/// Opens it where it may not be written.
/// Errors: as Journal::open()
Result<std::unique_ptr<Database>> open_journal_file_to_read(const std::filesystem::path& state);

/// Another connection to one that is open already, with the same settings.
Result<std::unique_ptr<Database>> connect(const std::filesystem::path& file);

/// To be called when reading or writing has gone wrong: has the next start look at a database that seems damaged, and
/// has the error say so.
void suspect(const Database& database, Error& error);

}  // namespace ganger::host
