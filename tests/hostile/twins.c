/* Two task types of one name, and two parameters of one name. */
#include "hostile.h"

static const ganger_param param = {sizeof(ganger_param), GANGER_STR, 0, 0, "twice", "a parameter", NULL, NULL};
static const ganger_param *const params[] = {&param, &param, NULL};
static const ganger_task first = SOUND_TASK("go", "Does nothing");
static const ganger_task second = {sizeof(ganger_task), 0, "go", "Does nothing", params, NULL, NULL, NULL,
                                   do_nothing};
static const ganger_task *const tasks[] = {&first, &second, NULL};
static const ganger_plugin plugin = SOUND_PLUGIN(tasks);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
