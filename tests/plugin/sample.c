/* A sound plugin: its id is SAMPLE_ID; it says through the host's log when it is started and when it ends. */
#include <ganger/plugin.h>
#include <string.h>

static const ganger_host *used_host;

static void say(const char *what) {
  const ganger_str text = {what, strlen(what)};
  used_host->log(NULL, GANGER_LOG_INFO, text);
}

static ganger_status init(const ganger_host *host) {
  used_host = host;
  say("init " SAMPLE_ID);
  return GANGER_OK;
}

static void deinit(void) { say("deinit " SAMPLE_ID); }

static ganger_status run(const ganger_host *host, ganger_ctx *ctx, void *user) {
  (void)host;
  (void)ctx;
  (void)user;
  return GANGER_OK;
}

static ganger_status open_box(const ganger_host *host, ganger_ctx *ctx, void *user, void **handle) {
  (void)host;
  (void)ctx;
  *handle = user;
  return GANGER_OK;
}

static void close_box(void *user, void *handle) {
  (void)user;
  (void)handle;
}

static const ganger_task hash = {sizeof hash, GANGER_TASK_HEAVY, "hash", "Hashes nothing", NULL, NULL, NULL, NULL,
                                 run};
static const ganger_task scan = {sizeof scan, 0, "scan", "Scans nothing", NULL, NULL, NULL, NULL, run};
static const ganger_task *const tasks[] = {&scan, &hash, NULL};
static const uint32_t api = sizeof api;
static char box_state;
static const ganger_pool_kind box = {sizeof box, 0,    "box", "Holds nothing", "sample.box/1", &api, NULL, &box_state,
                                     open_box,   NULL, NULL,  close_box};
static const ganger_pool_kind *const kinds[] = {&box, NULL};
static const ganger_plugin plugin = {
    sizeof plugin, GANGER_ABI_MINOR, 0, 0, SAMPLE_ID, "1.2.3", "MIT", tasks, kinds, init, deinit};

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
