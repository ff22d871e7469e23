// Throws out of the entry.
#include <stdexcept>

#include "hostile.h"

extern "C" const ganger_plugin *ganger_plugin_v1(const ganger_host *) { throw std::runtime_error("no luck today"); }
