/* Sound until it is started. */
#include "hostile.h"

static ganger_status init(const ganger_host *host) {
  (void)host;
  return GANGER_NO_RESOURCE;
}

static const ganger_plugin plugin = {
    sizeof(ganger_plugin), 0, 0, 0, HOSTILE_ID, "1.0.0", NULL, NULL, NULL, init, NULL};

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
