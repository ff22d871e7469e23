// Throws something odd out of the entry.
#include "hostile.h"

extern "C" const ganger_plugin *ganger_plugin_v1(const ganger_host *) { throw 42; }
