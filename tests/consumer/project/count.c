/* A plugin of an outside project, in C. */
#include <ganger/plugin.h>

static ganger_status run_letters(const ganger_host *host, ganger_ctx *ctx, void *user) {
  (void)user;
  ganger_value text;
  ganger_status status = host->param(ctx, "text", 0, &text);
  if (status != GANGER_OK) return status;

  ganger_value letters = {.type = GANGER_I64};
  for (uint64_t i = 0; i < text.u.s.n; ++i) {
    const char c = text.u.s.p[i];
    letters.u.i += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  return host->output(ctx, "letters", &letters);
}

static const ganger_param text_param = {.struct_size = sizeof text_param,
                                        .type = GANGER_STR,
                                        .flags = GANGER_PARAM_REQUIRED,
                                        .name = "text",
                                        .help = "where to count"};
static const ganger_param *const letters_params[] = {&text_param, NULL};
static const ganger_task letters = {.struct_size = sizeof letters,
                                    .name = "letters",
                                    .summary = "Counts the letters of a text",
                                    .params = letters_params,
                                    .run = run_letters};
static const ganger_task *const tasks[] = {&letters, NULL};
static const ganger_plugin plugin = {
    .struct_size = sizeof plugin, .abi_minor = GANGER_ABI_MINOR, .id = "count", .version = "1.0.0", .tasks = tasks};

const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
