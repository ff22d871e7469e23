/* Wants a host of a later minor. */
#include "hostile.h"

static const ganger_plugin plugin = {
    sizeof(ganger_plugin), 3, 3, 0, HOSTILE_ID, "1.0.0", NULL, NULL, NULL, NULL, NULL};

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
