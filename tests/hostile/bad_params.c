/* Parameters that contradict themselves, and needs that cannot be. */
#include "hostile.h"

#define PARAM(name, type, flags, def, choices) \
  static const ganger_param name = {sizeof(ganger_param), type, flags, 0, #name, "a parameter", def, choices}
PARAM(number, GANGER_I64, 0, "4x", NULL);
PARAM(both, GANGER_STR, GANGER_PARAM_REQUIRED, "a", NULL);
PARAM(none, GANGER_NONE, 0, NULL, NULL);
PARAM(choice, GANGER_STR, 0, "c", "a|b");
PARAM(choices, GANGER_I64, 0, NULL, "1|two");
PARAM(list, GANGER_STR, GANGER_PARAM_LIST, "a", NULL);
PARAM(wait, GANGER_DURATION_NS, 0, "soon", NULL);
static const ganger_param *const params[] = {&number, &both, &none, &choice, &choices, &list, &wait, NULL};
static const ganger_need no_such_param = {sizeof(ganger_need), 1, "ganger.sql/1", "pool"};
static const ganger_need not_a_string = {sizeof(ganger_need), 1, "ganger.sql/1", "number"};
static const ganger_need no_major = {sizeof(ganger_need), 0, "ganger.sql", NULL};
static const ganger_need *const needs[] = {&no_such_param, &not_a_string, &no_major, NULL};
static const ganger_task go = {sizeof(ganger_task), 0, "go", "Does nothing", params, needs, NULL, NULL, do_nothing};
static const ganger_task *const tasks[] = {&go, NULL};
static const ganger_plugin plugin = SOUND_PLUGIN(tasks);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
