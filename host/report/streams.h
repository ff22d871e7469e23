// Where the program's own words go.
#pragma once

namespace ganger::host {

/// Descriptors of the answer (stdout) and of logs and progress (stderr), as the program was given them.
struct Streams {
  int answer = 1;
  int log = 2;
};

/// Keeps private copies of stdout and stderr for the host and lets stdout lead to stderr: what a plugin prints cannot
/// mix with the answer, and one that closes or redirects them does not silence the host. Standard descriptors that
/// are closed lead to /dev/null, so that no file of ours takes their number. Once, before anything is opened.
void take_streams();
const Streams& streams();

}  // namespace ganger::host
