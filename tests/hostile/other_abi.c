/* Built for a plugin ABI that does not exist yet. */
#include "hostile.h"

GANGER_EXPORT const void *ganger_plugin_v2(const void *host) { return host; }
