// The words of the command line, where the kernel shows them to everybody on the machine.
#pragma once

namespace ganger::host {

/// Remembers where they are. Once, before any thread. Shape: as main() gets them
void note_arguments(int argc, char** argv);

/// Overwrites the secrets in them. Whoever has looked before has seen them.
void hide_secret_arguments();

}  // namespace ganger::host
