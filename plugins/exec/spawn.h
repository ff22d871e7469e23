// A child process, from its start to the first moment of its program.
#ifndef GANGER_EXEC_SPAWN_H
#define GANGER_EXEC_SPAWN_H

#include <sys/types.h>

#include <vector>

#include "descriptor.h"

namespace ganger::exec {

/// clone(2) by the C library's other name of it: ThreadSanitizer takes a call of clone() for a fork(), whose child
/// has a memory of its own.
extern "C" int clone_process(int (*begin)(void*), void* stack, int flags, void* of, ...) __asm__("__clone");

/// What a child becomes. All of it is made ready before there is a child, which can allocate nothing.
struct Program {
  std::vector<const char*> places;  ///< paths of it: the first one that can be run, as execvp(3) looks for it
  std::vector<char*> words;         ///< argv, with a null pointer at the end
  std::vector<char*> environment;   ///< likewise
  const char* cwd = nullptr;        ///< null: that of this process
  int in = -1;                      ///< its stdin; -1: /dev/null
  int out = -1, err = -1;           ///< its stdout and stderr; like `in` none of 0, 1 and 2
};

/// A child that runs the program, or why there is none.
struct Spawned {
  pid_t pid = -1;
  Descriptor pidfd;  ///< close-on-exec; readable once it has ended
  int failed = 0;    ///< errno; no child is left then
};

/// Starts it as the leader of a process group of its own, with its three streams and no other descriptor, no signal
/// blocked, and none ignored but a SIGHUP that this process ignores: nohup means the commands of a job, too.
/// posix_spawn(3) does the same with ten system calls more here and fifty in the child.
/// Shape: pid  null, or where the child writes its number before its program begins
Spawned spawn(const Program& program, pid_t* pid);

}  // namespace ganger::exec

#endif  // GANGER_EXEC_SPAWN_H
