/* The array of task types has no NULL, and the memory behind it cannot be read. */
#include "hostile.h"

static const ganger_task go = SOUND_TASK("go", "Does nothing");
static ganger_plugin plugin = SOUND_PLUGIN(NULL);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  const ganger_task **tasks = (const ganger_task **)(void *)edge_of_memory(sizeof(void *)) - 1;
  tasks[0] = &go;
  plugin.tasks = tasks;
  return &plugin;
}
