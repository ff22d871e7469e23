/* Uses a function that nobody has. */
#include "hostile.h"

extern const ganger_plugin *nobody_has_this(void);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return nobody_has_this();
}
