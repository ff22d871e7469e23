/* Linked to a library that is not where the loader looks. */
#include "hostile.h"

extern const ganger_plugin *gone(void);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return gone();
}
