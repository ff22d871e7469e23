/* A plugin that loads, built without care: it shares a symbol with everybody, exports too much, binds late, and looks
 * for libraries below the current directory. */
#include <ganger/plugin.h>

__asm__(
    ".data\n"
    ".globl shared_by_all\n"
    ".type shared_by_all, %gnu_unique_object\n"
    ".size shared_by_all, 4\n"
    "shared_by_all: .long 1\n"
    ".text\n");

GANGER_EXPORT int left_over(void) { return 1; }

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return (const ganger_plugin *)0;
}
