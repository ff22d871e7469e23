/* Every type of the ABI, each reachable from a symbol, for abidiff to look at. */
#include <ganger/buffer.h>
#include <ganger/clock.h>
#include <ganger/plugin.h>
#include <ganger/sql.h>

GANGER_EXPORT const ganger_buffer_api *buffer_api;
GANGER_EXPORT const ganger_clock_api *clock_api;
GANGER_EXPORT const ganger_sql_api *sql_api;

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return NULL;
}
