/* The summary has no NUL, and the memory behind it cannot be read. */
#include "hostile.h"

static ganger_task go = SOUND_TASK("go", NULL);
static const ganger_task *const tasks[] = {&go, NULL};
static const ganger_plugin plugin = SOUND_PLUGIN(tasks);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  char *summary = edge_of_memory(10) - 10;
  memset(summary, 'x', 10);
  go.summary = summary;
  return &plugin;
}
