/* The description is no address of anything. */
#include "hostile.h"

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return (const ganger_plugin *)16;
}
