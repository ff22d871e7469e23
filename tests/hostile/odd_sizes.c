/* Structs that say they are smaller than they can be, or larger than anything. */
#include "hostile.h"

static const ganger_task small = {8, 0, "small", "Says it has 8 bytes", NULL, NULL, NULL, NULL, do_nothing};
static const ganger_task zero = {0, 0, "zero", "Says it has none", NULL, NULL, NULL, NULL, do_nothing};
static const ganger_task large = {0xffffffffu, 0, "large", "Says it has 4 GiB", NULL, NULL, NULL, NULL, do_nothing};
static const ganger_task *const tasks[] = {&small, &zero, &large, NULL};
static const ganger_plugin plugin = SOUND_PLUGIN(tasks);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
