/* What the hostile plugins have in common: the id is the file's name (HOSTILE_ID, set by CMake), and where a plugin
 * is sound but for one thing, its only task type is `go`. */
#ifndef GANGER_TESTS_HOSTILE_H
#define GANGER_TESTS_HOSTILE_H

#define _GNU_SOURCE 1
#include <ganger/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline ganger_status do_nothing(const ganger_host *host, ganger_ctx *ctx, void *user) {
  (void)host;
  (void)ctx;
  (void)user;
  return GANGER_OK;
}

#define SOUND_TASK(name, summary) \
  { sizeof(ganger_task), 0, name, summary, NULL, NULL, NULL, NULL, do_nothing }
#define SOUND_PLUGIN(tasks) \
  { sizeof(ganger_plugin), GANGER_ABI_MINOR, 0, 0, HOSTILE_ID, "1.0.0", NULL, tasks, NULL, NULL, NULL }

/* The end of readable memory: the byte at the address returned, and those after it, cannot be read. The `size` bytes
 * before it can be written. */
static inline char *edge_of_memory(size_t size) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t whole = (size + page - 1) / page * page;
  char *start = (char *)mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(start + whole, page, PROT_NONE);
  return start + whole;
}

#endif
