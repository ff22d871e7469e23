#include <ganger/plugin.hpp>

#include "run.h"

GANGER_PLUGIN_LICENSED("exec", GANGER_VERSION, "Apache-2.0", ganger::exec::Run)
