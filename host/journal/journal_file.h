// Where the journal lives, and how it is opened, made, or put out of the way.
#pragma once
#include <filesystem>
#include <memory>

#include "host/journal/database.h"

namespace ganger::host {

/// A folder that only its owner can look into. One that is there stays as it is.
/// Errors: cannot_create
Result<void> make_private_folder(const std::filesystem::path& folder);

/// Opens `state`/journal.db with the tables of this version, or makes it. Safe against other processes that do so.
/// Errors: as Journal::open()
Result<std::unique_ptr<Database>> open_journal_file(const std::filesystem::path& state);

/// Another connection to one that is open already, with the same settings.
Result<std::unique_ptr<Database>> connect(const std::filesystem::path& file);

/// To be called when reading or writing has gone wrong: has the next start look at a database that seems damaged, and
/// has the error say so.
void suspect(const Database& database, Error& error);

}  // namespace ganger::host
