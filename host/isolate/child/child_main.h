// The other side of isolation: this program as the child that runs a plugin for another one.
#pragma once
#include <string_view>

namespace ganger::host {

/// The first word on the command line of a child; the second is the process id of its host.
inline constexpr std::string_view kChildWord = "__child";

/// The numbers of its descriptors: calls and their answers, and what has to get through at any time.
inline constexpr int kCallsFd = 3;
inline constexpr int kControlFd = 4;

/// Serves calls until the host is gone or needs it no more. Before anything else has been done in this process.
/// Returns only where it is no child at all; leaves by _exit otherwise.
int run_child(int argc, const char* const* argv);

}  // namespace ganger::host
