/* The library of missing_library.c. */
#include "hostile.h"

GANGER_EXPORT const ganger_plugin *gone(void) { return NULL; }
