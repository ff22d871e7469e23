// What can be made out of a job file that somebody is still writing: for names to complete, never to run.
#pragma once
#include <filesystem>
#include <string>

#include "host/job/job.h"

namespace ganger::host {

/// All of the file that makes sense. Where it is no TOML, of each `[table]` on its own; what is wrong is left out.
/// An empty job where there is no such regular file, or a very large one.
Job read_what_parses(const std::filesystem::path& file);

/// `text` without those of its tables that are no TOML even on their own, and without [task.sandbox].
std::string without_broken_tables(const std::string& text);

}  // namespace ganger::host
