/* Names and texts that would do something to the terminal they are shown on, or are no text. */
#include "hostile.h"

static const ganger_task escape = SOUND_TASK("go", "clears \033[2J your screen");
static const ganger_task lines = SOUND_TASK("lines", "two\nlines");
static const ganger_task bytes = SOUND_TASK("bytes", "not UTF-8: \xff\xfe");
static const ganger_task name = SOUND_TASK("\033[31mred", "Does nothing");
static const ganger_task capital = SOUND_TASK("Go Now", "Does nothing");
static const ganger_task *const tasks[] = {&escape, &lines, &bytes, &name, &capital, NULL};
static const ganger_plugin plugin = SOUND_PLUGIN(tasks);

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
