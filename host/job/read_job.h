// Job file -> Job, with all that is wrong in it found in one go.
#pragma once
#include <filesystem>
#include <string>

#include "host/error.h"
#include "host/job/job.h"

namespace ganger::host {

/// A job file, read. With errors, `job` holds what could be made sense of, so that the plan stage can look for more
/// of them before they are all shown; it must not be run then.
struct JobReading {
  Job job;
  Errors errors;  ///< sorted by place

  bool ok() const { return errors.empty(); }
};

/// Checks all that can be known without plugins: TOML, keys, types, names, ranges, what `after` and `${...}` refer
/// to. Not cycles: they are the plan's.
/// Shape:    file  as the user named it; messages show it so
/// Errors:   not_found, io (then `job` is empty); bad_job
JobReading read_job(const std::filesystem::path& file);

/// The same from text in memory. Any bytes may come in.
JobReading parse_job(std::string text, const std::filesystem::path& file);

/// By line, then column; what was found first stays first within one place.
void sort_by_place(Errors& errors);

}  // namespace ganger::host
