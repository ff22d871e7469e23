// Does a task stop, wherever it is told to? `ganger check FILE.so --cancel-sweep TYPE`.
#pragma once
#include "host/cli/options.h"
#include "host/plugin/registry.h"

namespace ganger::host {

/// Runs the task of options.cancel_sweep once for each of its calls, with a stop before and after it, a deadline and,
/// where it borrows, a failing acquire() there. Returns the exit code. Shape: plugin = that of options.subject
int sweep_verb(const Options& options, Registry& registry, const Plugin& plugin);

}  // namespace ganger::host
