/* Every pointer in the description goes nowhere: below the first page, to the top of the address space, off its
 * alignment. */
#include "hostile.h"

static const ganger_param param = {sizeof(ganger_param), GANGER_STR,      0, 0, (const char *)8, (const char *)9,
                                   (const char *)10,     (const char *)11};
static const ganger_param *const params[] = {&param, (const ganger_param *)0x123456789, NULL};
static const ganger_task task = {sizeof(ganger_task),
                                 0,
                                 "go",
                                 (const char *)-1,
                                 params,
                                 (const ganger_need *const *)-8,
                                 NULL,
                                 NULL,
                                 (ganger_status(*)(const ganger_host *, ganger_ctx *, void *))0x1000};
static const ganger_task *const tasks[] = {&task, (const ganger_task *)1, NULL};
static ganger_plugin plugin = SOUND_PLUGIN(tasks);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  plugin.license = (const char *)~0UL;
  plugin.pool_kinds = (const ganger_pool_kind *const *)3;
  plugin.deinit = (void (*)(void))(uintptr_t)&plugin;
  return &plugin;
}
