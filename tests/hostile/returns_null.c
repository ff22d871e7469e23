/* Has nothing to say. */
#include "hostile.h"

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return NULL;
}
