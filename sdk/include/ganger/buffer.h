/* ganger/buffer.h - the table "ganger.buffer/1": a block of memory, borrowed from a pool.
 *
 * Large I/O buffers cost page faults when they are made and nothing when they are used again.
 */
#ifndef GANGER_BUFFER_H
#define GANGER_BUFFER_H

#include <ganger/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GANGER_BUFFER_INTERFACE "ganger.buffer/1"

typedef struct ganger_buffer_api {
  uint32_t struct_size, reserved;

  /* Start of the block, aligned to a page. Valid while the lease is held; holds whatever the last borrower left. */
  void *(*data)(void *buffer);

  /* Its length in bytes. */
  uint64_t (*size)(void *buffer);
  /* ---- end of ganger.buffer/1 as first published; append below ---- */
} ganger_buffer_api;

#ifdef __cplusplus
}
#endif

#endif /* GANGER_BUFFER_H */
