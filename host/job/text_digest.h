// What tells one job file from another.
#pragma once
#include <string>
#include <string_view>

namespace ganger::host {

/// In lower-case hex, 32 characters. Tells texts apart that differ by chance or by an editor, not those that somebody
/// has made to be taken for each other: a job file is its user's own.
std::string digest_of(std::string_view text);

}  // namespace ganger::host
