/* More task types than anybody has, and no NULL after them. */
#include "hostile.h"

static const ganger_task go = SOUND_TASK("go", "Does nothing");
static const ganger_task *tasks[2000];
static const ganger_plugin plugin = SOUND_PLUGIN(tasks);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; ++i) tasks[i] = &go;
  return &plugin;
}
