// The exit codes of this program; see README.md.
#pragma once
#include "host/error.h"
#include "host/report/summary.h"

namespace ganger::host {

enum ExitCode : int {
  kExitOk = 0,
  kExitTimeout = 1,
  kExitInterrupt = 2,
  kExitFailed = 3,
  kExitCheckFailed = 4,
  kExitUsage = 64,
  kExitBadJob = 65,
  kExitNotFound = 66,
  kExitNoPool = 69,
  kExitBug = 70,
  kExitCannotCreate = 73,
  kExitIo = 74,
  kExitDeferred = 75,
  kExitWrongAbi = 76,
  kExitRefused = 77,
  kExitConfiguration = 78
};

/// --exit-style: our codes, or those of timeout(1) and the shell.
enum class ExitStyle : unsigned char { native, unix_like };

constexpr ExitCode exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return kExitUsage;
    case ErrorKind::bad_job:
      return kExitBadJob;
    case ErrorKind::not_found:
      return kExitNotFound;
    case ErrorKind::pool_unavailable:
      return kExitNoPool;
    case ErrorKind::cannot_create:
      return kExitCannotCreate;
    case ErrorKind::io:
      return kExitIo;
    case ErrorKind::wrong_abi:
      return kExitWrongAbi;
    case ErrorKind::refused:
      return kExitRefused;
    case ErrorKind::configuration:
      return kExitConfiguration;
    case ErrorKind::bug:
      break;
  }
  return kExitBug;
}

/// That of all errors when they agree; a job with several kinds of fault is a wrong job.
inline ExitCode exit_code(const Errors& errors) {
  for (const Error& e : errors)
    if (e.kind != errors.front().kind) return kExitBadJob;
  return exit_code(errors.front().kind);
}

/// Shape: signal = the one that interrupted, for the unix style
constexpr int exit_code(RunEnd end, ExitStyle style, int signal) {
  const bool is_unix = style == ExitStyle::unix_like;
  switch (end) {
    case RunEnd::finished:
      return kExitOk;
    case RunEnd::timeout:
      return is_unix ? 124 : kExitTimeout;
    case RunEnd::interrupt:
      return is_unix ? 128 + signal : kExitInterrupt;
    case RunEnd::failed:
      return is_unix ? 1 : kExitFailed;
    case RunEnd::pool_unavailable:
      return is_unix ? 1 : kExitNoPool;
    case RunEnd::drained:
    case RunEnd::no_thread:
      return kExitDeferred;
    case RunEnd::not_recorded:
      return kExitIo;
  }
  return kExitBug;
}

}  // namespace ganger::host
