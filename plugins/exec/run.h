// The task type exec.run: any command as a task.
#ifndef GANGER_EXEC_RUN_H
#define GANGER_EXEC_RUN_H

#include <ganger/plugin.hpp>

namespace ganger::exec {

struct Run {
  static constexpr const char* name = "run";
  static constexpr const char* summary = "Runs a command, and ends with it everything it has started";
  static constexpr std::uint32_t flags = heavy;
  static constexpr param params[] = {
      {"argv", GANGER_STR, "the program and its arguments, a word each; no shell", "[]", list},
      {"shell", GANGER_STR, "instead of argv: a command line for /bin/sh -c", "\"\""},
      {"env", GANGER_STR, "NAME=VALUE, added to the environment of the host", "[]", list},
      {"cwd", GANGER_PATH, "the folder it runs in; empty: that of the host", "\"\""},
      {"stdin", GANGER_STR, "text it finds on its stdin; empty: /dev/null", "\"\""},
      {"expect", GANGER_I64, "exit codes that are no failure", "[0]", list},
      {"outputs", GANGER_STR, "further outputs found in its stdout: none, in lines NAME=VALUE, in a JSON object",
       "\"none\"", 0, "none|env|json"},
      {"most_output", GANGER_SIZE, "of stdout and of stderr, each: what is kept in a file", "\"64MiB\""},
      {"kill_after", GANGER_DURATION_NS, "what it gets between SIGTERM and SIGKILL when it should stop", "\"2s\""}};

  static void check(const ctx& c);
  /// Outputs: code, stdout, stderr; stdout_file, stderr_file where the text is not all; those found.
  void run(const ctx& c);
};

}  // namespace ganger::exec

#endif  // GANGER_EXEC_RUN_H
