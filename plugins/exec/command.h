// A command, and how it is started.
#ifndef GANGER_EXEC_COMMAND_H
#define GANGER_EXEC_COMMAND_H

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "descriptor.h"
#include "sweeper.h"

namespace ganger::exec {

/// What to start.
struct Command {
  std::vector<std::string> words;  ///< argv; the first one is looked for in PATH unless it has a '/'
  std::vector<std::string> env;    ///< NAME=VALUE, added to the environment of this process
  std::string cwd;                 ///< empty: that of this process
  std::string input;               ///< its stdin; empty: /dev/null
};

/// A command that runs, leader of a process group of its own. Whoever has it reaps it.
struct Started {
  pid_t pid = -1;
  Descriptor pidfd;     ///< readable once it has ended
  Descriptor out, err;  ///< what it writes to stdout and stderr
  std::string cookie;   ///< in the environment of all it starts, and of nothing else
  Watched watched;      ///< and what is left of it
};

/// The variable that holds the cookie, after those of the commands around this one.
inline constexpr std::string_view kCookieVariable = "GANGER_TASK_COOKIE";

/// Starts it. Throws ganger::error: GANGER_RETRY when descriptors, memory or processes are short, GANGER_BAD_PARAM
/// when there is no such program or folder.
Started start(const Command& command);

}  // namespace ganger::exec

#endif  // GANGER_EXEC_COMMAND_H
