/* A task type without run(). */
#include "hostile.h"

static const ganger_task go = {sizeof(ganger_task), 0, "go", "Does nothing", NULL, NULL, NULL, NULL, NULL};
static const ganger_task *const tasks[] = {&go, NULL};
static const ganger_plugin plugin = SOUND_PLUGIN(tasks);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
