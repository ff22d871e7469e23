// Death at a chosen moment, for tests of what is left then.
#pragma once

namespace ganger::host {

/// How many durable steps this process is to live for; 0 = as long as it likes. GANGER_CRASH_AT, read at the start.
extern const unsigned long kCrashAt;

/// Counts a step, and kills the process when it was the last one it was to make.
void count_durable_step() noexcept;

/// To be called after each change that outlives the process: a store to a ledger, a commit, a file made. Thread: any.
inline void durable_step() noexcept {
  if (kCrashAt != 0) [[unlikely]]
    count_durable_step();
}

}  // namespace ganger::host
