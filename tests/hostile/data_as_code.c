/* run() points into the plugin's data. */
#include "hostile.h"

static char data[64];
static ganger_task go = SOUND_TASK("go", "Does nothing");
static const ganger_task *const tasks[] = {&go, NULL};
static const ganger_plugin plugin = SOUND_PLUGIN(tasks);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  go.run = (ganger_status(*)(const ganger_host *, ganger_ctx *, void *))(uintptr_t)data;
  return &plugin;
}
