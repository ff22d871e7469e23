// What is wrong with a job, a plugin or the machine: a value, never an exception. An outcome of a task is not an
// error.
#pragma once
#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace ganger::host {

/// What kind of thing is wrong; cli/exit_code.h turns it into the exit code of the process.
enum class ErrorKind : std::uint8_t {
  usage,             ///< the command line
  bad_job,           ///< the job file or a parameter
  not_found,         ///< a job, plugin or task type
  pool_unavailable,  ///< a pool could not be opened
  cannot_create,     ///< an output could not be created
  io,                ///< reading or writing failed
  wrong_abi,         ///< a plugin built for another ABI
  refused,           ///< a plugin that must not be loaded: broken, or not to be trusted
  configuration,     ///< an environment variable or a setting of the machine
  bug                ///< of the host
};

/// A place in a text file, from 1; line 0 = the file as a whole. `source` is the text of the line.
struct Where {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 1;  ///< how many columns the caret line underlines
  std::string source = {};
};

struct Error {
  ErrorKind kind = ErrorKind::bug;
  std::string message;  ///< what is wrong and what to do, no capital, no full stop
  Where where = {};     ///< empty file = nowhere in particular
};

/// All that is wrong with one thing, found in one go; never empty where it is an error.
using Errors = std::vector<Error>;

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(ErrorKind kind, std::string message, Where where = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), std::move(where)});
}

/// `FILE:LINE:COL: error: what`, and under it the source line with a caret; one line where there is no place.
std::string describe(const Error& error);

}  // namespace ganger::host
