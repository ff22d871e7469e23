// Where every thread of this process is, for whoever wants to know why a run hangs.
#pragma once

namespace ganger::host {

/// Writes the stack of each thread to the descriptor, one after another; a thread that does not answer within 200 ms
/// is left out. Plugins' functions show as module and offset, which addr2line -e turns into lines.
/// Thread: one at a time.
void dump_stacks(int fd);

}  // namespace ganger::host
