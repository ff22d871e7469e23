// Plugins whose code comes into this process: which one it is just now, and what it may not do meanwhile.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>

#include "host/error.h"
#include "host/plugin/types.h"

namespace ganger::host {

/// Calls `open`, which opens `file`. A plugin whose code crashes meanwhile, or does not come to an end within 5 s,
/// ends this process with a line that names the file, and kExitRefused; so does exit(), where there is a SuddenEnd.
/// One that changes what all of the process shares is refused; it is best left by _exit then, see
/// was_plugin_refused(). However it ends, nothing that it has started outlives it. Errors: those of `open`;  refused
/// Thread: [load]
Result<std::unique_ptr<Plugin>> open_watched(const std::filesystem::path& file,
                                             const std::function<Result<std::unique_ptr<Plugin>>()>& open);

/// The plugin file that is being opened now; null = none. Thread: any
const char* opened_file();

/// Ends what the plugin that is being opened now has started. Thread: any, also in a signal handler
void end_children_of_opening();

/// Has open_watched() opened any, or tried to?
bool was_plugin_opened();

/// Has open_watched() refused one? Its code is still here and may hang in its destructors.
bool was_plugin_refused();

}  // namespace ganger::host
