/* A shared library, but no plugin. Its constructor would end the process: it must not even be opened. */
#include "hostile.h"

__attribute__((constructor)) static void die(void) { abort(); }

GANGER_EXPORT int something_else(void) { return 1; }
