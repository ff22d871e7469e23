/* A task type whose name is a megabyte, and a summary that is one too. */
#include "hostile.h"

static char megabyte[1024 * 1024 + 1];
static const ganger_task task = SOUND_TASK(megabyte, megabyte);
static const ganger_task *const tasks[] = {&task, NULL};
static const ganger_plugin plugin = SOUND_PLUGIN(tasks);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  memset(megabyte, 'a', sizeof megabyte - 1);
  return &plugin;
}
