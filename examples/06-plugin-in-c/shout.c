/* A plugin in C11: the ABI as it is, without the C++ wrapper. */
#include <ctype.h>
#include <ganger/plugin.h>
#include <stdlib.h>

static ganger_str text(const char *literal) {
  ganger_str s = {literal, 0};
  while (literal[s.n] != '\0') ++s.n;
  return s;
}

static ganger_status run_upper(const ganger_host *host, ganger_ctx *ctx, void *user) {
  (void)user;
  ganger_value value;
  ganger_status status = host->param(ctx, "text", 0, &value);
  if (status != GANGER_OK) return host->fail(ctx, status, text("no parameter 'text'"));

  const uint64_t n = value.u.s.n;
  char *upper = malloc(n + 1);
  if (upper == NULL) return host->fail(ctx, GANGER_NO_MEMORY, text("out of memory"));
  for (uint64_t i = 0; i < n; ++i) upper[i] = (char)toupper((unsigned char)value.u.s.p[i]);

  value.u.s.p = upper; /* the host copies what it is given, so freeing it below is fine */
  host->log(ctx, GANGER_LOG_INFO, value.u.s);
  status = host->output(ctx, "text", &value);
  free(upper);
  return status == GANGER_OK ? status : host->fail(ctx, status, text("cannot set the output 'text'"));
}

static const ganger_param param_text = {.struct_size = sizeof param_text,
                                        .type = GANGER_STR,
                                        .flags = GANGER_PARAM_REQUIRED,
                                        .name = "text",
                                        .help = "what to say in capitals"};
static const ganger_param *const upper_params[] = {&param_text, NULL};

static const ganger_task upper = {.struct_size = sizeof upper,
                                  .flags = GANGER_TASK_IDEMPOTENT,
                                  .name = "upper",
                                  .summary = "Logs a text in capitals and passes it on",
                                  .params = upper_params,
                                  .run = run_upper};
static const ganger_task *const tasks[] = {&upper, NULL};

static const ganger_plugin plugin = {
    .struct_size = sizeof plugin, .abi_minor = GANGER_ABI_MINOR, .id = "shout", .version = "1.0.0", .tasks = tasks};

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
