/* Sound, but writes to stdout as soon as it is opened. */
#include "hostile.h"

static const ganger_task go = SOUND_TASK("go", "Does nothing");
static const ganger_task *const tasks[] = {&go, NULL};
static const ganger_plugin plugin = SOUND_PLUGIN(tasks);

__attribute__((constructor)) static void talk(void) { puts("here I am"); }

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
