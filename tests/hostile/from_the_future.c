/* Sound, and built with the headers of a later minor: longer structs, flags and a parameter type of which this host
 * knows nothing. */
#include "hostile.h"

struct later_task {
  ganger_task task;
  const void *appended;
};
struct later_plugin {
  ganger_plugin plugin;
  const void *appended;
};

static const ganger_param later = {sizeof(ganger_param), 77, 0, 0, "later", "of a later type", "x", NULL};
static const ganger_param *const params[] = {&later, NULL};
static const struct later_task go = {
    {sizeof(struct later_task), 1u << 20, "go", "Does nothing", NULL, NULL, NULL, NULL, do_nothing}, "new"};
static const struct later_task typed = {
    {sizeof(struct later_task), 0, "typed", "Does nothing", params, NULL, NULL, NULL, do_nothing}, "new"};
static const ganger_task *const tasks[] = {&go.task, &typed.task, NULL};
static const struct later_plugin plugin = {
    {sizeof(struct later_plugin), 9, 0, 0, HOSTILE_ID, "1.0.0", NULL, tasks, NULL, NULL, NULL}, "new"};

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin.plugin;
}
