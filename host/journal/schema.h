// The tables of the journal, and how those of an older ganger become these.
#pragma once
#include "host/journal/database.h"

namespace ganger::host {

/// In the database's user_version.
inline constexpr std::int64_t kSchemaVersion = 2;

/// Makes the tables, or what they lack. Nobody else may do so at the same time.
/// Errors: configuration  a newer ganger has written them, or they are not ganger's
///         io
Result<void> bring_up_to_date(Database& database);

/// The same for who may only read: nothing is made.
/// Errors: also io, for tables of an older version
Result<void> check_version(Database& database);

}  // namespace ganger::host
