/* Wants a megabyte of the thread-local memory that is laid out when a program starts, as some allocators do. */
#include "hostile.h"

static __thread char memory[1024 * 1024] __attribute__((tls_model("initial-exec")));

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  memory[0] = host != NULL;
  return (const ganger_plugin *)(void *)memory;
}
