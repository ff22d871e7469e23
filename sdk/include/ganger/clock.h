/* ganger/clock.h - the table "ganger.clock/1": a host that makes the time itself.
 *
 * Optional, asked for through get_interface(). A host that offers none lives in real time. ganger::ctx::now() and
 * sleep_for() ask for it first, so that under a test host an hour's wait is over at once.
 */
#ifndef GANGER_CLOCK_H
#define GANGER_CLOCK_H

#include <ganger/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GANGER_CLOCK_INTERFACE "ganger.clock/1"

typedef struct ganger_clock_api {
  uint32_t struct_size, reserved;

  /* The time that deadline_ns() is measured by.
   * Thread:   [any] */
  int64_t (*now_ns)(ganger_ctx *ctx);

  /* Lets `ns` nanoseconds pass.
   * Errors:   GANGER_CANCELLED the task should end, and not all of them have passed
   * Thread:   [any] */
  ganger_status (*sleep_ns)(ganger_ctx *ctx, int64_t ns);
  /* ---- end of ganger.clock/1 as first published; append below ---- */
} ganger_clock_api;

#ifdef __cplusplus
}
#endif

#endif /* GANGER_CLOCK_H */
