#include <ganger/plugin.hpp>

#include "buffer.h"
#include "hash.h"
#include "scan.h"

GANGER_PLUGIN_LICENSED("files", GANGER_VERSION, "Apache-2.0", ganger::files::Scan, ganger::files::Hash,
                       ganger::files::BufferKind)
