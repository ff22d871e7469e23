/* NULL wherever something is required. */
#include "hostile.h"

static const ganger_param nameless_param = {sizeof(ganger_param), GANGER_STR, 0, 0, NULL, NULL, NULL, NULL};
static const ganger_param *const params[] = {&nameless_param, NULL};
static const ganger_need nameless_need = {sizeof(ganger_need), 1, NULL, NULL};
static const ganger_need *const needs[] = {&nameless_need, NULL};
static const ganger_task task = {sizeof(ganger_task), 0, NULL, NULL, params, needs, NULL, NULL, NULL};
static const ganger_task *const tasks[] = {&task, NULL};
static const ganger_pool_kind kind = {
    sizeof(ganger_pool_kind), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL};
static const ganger_pool_kind *const kinds[] = {&kind, NULL};
static const ganger_plugin plugin = {sizeof(ganger_plugin), 0, 0, 0, NULL, NULL, NULL, tasks, kinds, NULL, NULL};

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
