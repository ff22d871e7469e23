/* Sound, but its id is not the name of its file. */
#include "hostile.h"

static const ganger_plugin plugin = {
    sizeof(ganger_plugin), 0, 0, 0, "right-name", "1.0.0", NULL, NULL, NULL, NULL, NULL};

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
