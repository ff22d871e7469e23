/* connection.h - the table "demo.connection/1": a connection that only pretends, borrowed from a pool. */
#ifndef GANGER_DEMO_CONNECTION_H
#define GANGER_DEMO_CONNECTION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEMO_CONNECTION_INTERFACE "demo.connection/1"

typedef struct demo_connection_api {
  uint32_t struct_size, reserved;

  /* Which connection this is: 1 for the first one opened in this process, 2 for the next. Constant while it is open.
   */
  int64_t (*id)(void *connection);
} demo_connection_api;

#ifdef __cplusplus
}
#endif

#endif /* GANGER_DEMO_CONNECTION_H */
