// exec.run as the tests call it, and a look at the processes it should not leave behind.
#pragma once
#include <ganger/testing.hpp>
#include <string>
#include <vector>

#include "plugin_entry.h"

inline ganger::testing::result run_exec(ganger::testing::host& h) { return h.run(plugin_entry("exec"), "run"); }

inline ganger::testing::result run_shell(const std::string& line) {
  ganger::testing::host h;
  h.param("shell", line);
  return run_exec(h);
}

inline ganger::testing::result run_words(const std::vector<std::string>& words) {
  ganger::testing::host h;
  h.param_list("argv", {words.begin(), words.end()});
  return run_exec(h);
}

inline std::string output(const ganger::testing::result& r, const std::string& name) {
  const auto found = r.outputs.find(name);
  return found == r.outputs.end() ? "(none)" : found->second.shown();
}
