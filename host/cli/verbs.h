// What each command does. All return the exit code.
#pragma once
#include "host/cli/options.h"

namespace ganger::host {

int run_verb(const Options& options);
int exec_verb(const Options& options);
int resume_verb(const Options& options);
int history_verb(const Options& options);
int show_verb(const Options& options);
int plan_verb(const Options& options);
int check_verb(const Options& options);
int list_verb(const Options& options);
int inspect_verb(const Options& options);
int graph_verb(const Options& options);
int new_verb(const Options& options);
int completion_verb(const Options& options);
int version_verb(const Options& options);
int help_verb(const Options& options);

/// The whole program but for main().
int run_cli(int argc, const char* const* argv);

}  // namespace ganger::host
