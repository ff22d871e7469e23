/* ganger/plugin.h - the plugin ABI of ganger, major 1, in C.
 *
 * A plugin is a shared library that exports one function, ganger_plugin_v1(). It returns a description of
 * task types (what a job can run) and pool kinds (what tasks can borrow). C++ authors start with
 * ganger/plugin.hpp, which is made of this header and nothing else.
 *
 * Conventions, true for every line below:
 * 1. Append only: nothing is reordered, nothing changes its meaning. A break is a new entry symbol.
 * 2. Who allocates a struct sets its struct_size; the other side neither reads nor writes past it. Arrays
 *    are arrays of pointers, ended by NULL, so that elements can grow.
 * 3. Memory is never freed by the other side. What the host gives is valid until run() returns; what a
 *    plugin passes is copied before the call returns. A description lives until the process ends.
 * 4. Text is UTF-8. Names are at most 63 bytes. ganger_str from the host is also NUL-terminated. Of a text that
 *    people read (log, fail, progress, the what() of an exception) the first 64 KiB are kept; one that was longer
 *    ends with " ... (cut after 64 KiB)".
 * 5. No exception, longjmp, pthread_exit or thread cancellation crosses this boundary.
 * 6. Times are int64 nanoseconds, sizes are bytes.
 * 7. Unknown flag bits and enumerators must be accepted; they come from a newer minor.
 *
 * Threads: [load] the one thread that loads plugins; [task] the thread inside run(); [any] any thread that
 * works for this run(), until run() returns. A call of ganger_host after that, with the ctx of a run() that has
 * returned, does nothing and is reported as a bug of the plugin. None of the functions may be called from a signal
 * handler, nor in a process that was forked: they take locks and memory, and may wait for ever.
 */
#ifndef GANGER_PLUGIN_H
#define GANGER_PLUGIN_H

#include <ganger/version.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GANGER_EXPORT __attribute__((visibility("default")))

/* Is field f inside the other side's struct, and set? For fields newer than minor 0. */
#define GANGER_HAS(p, f) ((p) && (p)->struct_size >= offsetof(__typeof__(*(p)), f) + sizeof((p)->f) && (p)->f)

/* What a call came to. 0 is success. */
typedef int32_t ganger_status;
enum {
  GANGER_OK = 0,
  GANGER_FAILED = 1,      /* the work itself failed */
  GANGER_RETRY = 2,       /* failed for a reason that may pass; worth another attempt */
  GANGER_CANCELLED = 3,   /* stopped because the host asked for it */
  GANGER_TIMEOUT = 4,     /* a wait ended before what it waited for came */
  GANGER_BAD_PARAM = 5,   /* an argument or a parameter makes no sense */
  GANGER_NO_RESOURCE = 6, /* no such parameter, input, pool; or it could not be opened */
  GANGER_UNSUPPORTED = 7, /* this host cannot do that */
  GANGER_NO_MEMORY = 8,
  GANGER_BUG = 9 /* the caller broke a rule of this header */
};

enum { GANGER_LOG_TRACE = 0, GANGER_LOG_DEBUG = 1, GANGER_LOG_INFO = 2, GANGER_LOG_WARN = 3, GANGER_LOG_ERROR = 4 };

/* Why a task should end. */
enum {
  GANGER_RUNNING = 0,       /* it should not */
  GANGER_STOP_USER = 1,     /* interrupt: Ctrl-C, SIGTERM, SIGHUP */
  GANGER_STOP_DEADLINE = 2, /* its own timeout or the deadline of the run */
  GANGER_STOP_UPSTREAM = 3  /* a sibling part of the same work failed (inside parallel) */
};

/* Text. Shape: n bytes at p, without the NUL. Frozen: 16 bytes. */
typedef struct ganger_str {
  const char *p;
  uint64_t n;
} ganger_str;

/* The type of a value. */
enum {
  GANGER_NONE = 0,
  GANGER_BOOL = 1,        /* u.i: 0 or 1 */
  GANGER_I64 = 2,         /* u.i */
  GANGER_F64 = 3,         /* u.f */
  GANGER_STR = 4,         /* u.s */
  GANGER_PATH = 5,        /* u.s; any bytes but NUL; absolute when it comes from the host */
  GANGER_DURATION_NS = 6, /* u.i, nanoseconds; in jobs "250ms 30s 10m 2h 1d" */
  GANGER_SIZE = 7,        /* u.i, bytes; in jobs "64KiB 10MB 2GiB" */
  GANGER_SECRET = 8       /* u.s; the host never prints it */
};

/* A typed value. Frozen: 24 bytes; a new type is a new tag. */
typedef struct ganger_value {
  uint32_t type, reserved;
  union {
    int64_t i;
    double f;
    ganger_str s;
  } u;
} ganger_value;

/* One call of run() or open(). Opaque; the host's, which gives each call another one: one that is over is never that
 * of a later call. */
typedef struct ganger_ctx ganger_ctx;

enum {
  GANGER_PARAM_REQUIRED = 1u, /* a job must give it; has no default */
  GANGER_PARAM_LIST = 2u      /* a list of values of this type */
};

/* A parameter of a task type or of a pool kind. */
typedef struct ganger_param {
  uint32_t struct_size, type, flags, reserved;
  const char *name;    /* [a-z0-9_-] */
  const char *help;    /* one line */
  const char *def;     /* the default as a job file would write it: 4, true, "10s", ["a"]; NULL = none, which reads
                          as empty text, 0, false or an empty list */
  const char *choices; /* "a|b|c", NULL = any */
} ganger_param;

/* A borrowed resource. Frozen: 24 bytes. */
typedef struct ganger_lease {
  uint64_t id;     /* 0 = empty */
  void *handle;    /* what the provider opened; touch it only through api */
  const void *api; /* the provider's table for the interface asked for; starts with uint32_t struct_size */
} ganger_lease;

/* In which state a lease comes back. */
enum {
  GANGER_LEASE_CLEAN = 0,   /* reset, keep */
  GANGER_LEASE_SUSPECT = 1, /* reset, health check, keep: something went wrong while it was lent */
  GANGER_LEASE_BROKEN = 2   /* close */
};

/* What the host does for a plugin. One table for the life of the process. */
typedef struct ganger_host {
  uint32_t struct_size, abi_minor;
  const char *name, *version; /* of the host program */

  /* Optional and experimental services.
   * Shape:    id such as "ganger.trace/1"; NULL = this host has none by that name
   * Lifetime: the table lives until the process ends
   * Thread:   [any] [load] */
  const void *(*get_interface)(const char *id);

  /* Writes a line to the run's log. Never blocks for long: when nobody keeps up, lines below WARN are dropped
   * and counted.
   * Shape:    ctx may be NULL where there is none (check, reset, close of a resource): the line then has no task
   * Thread:   [any] [load] */
  void (*log)(ganger_ctx *ctx, int32_t level, ganger_str message);

  /* Keeps the text that explains the status run() is about to return; the last call wins.
   * Returns:  status, so that `return host->fail(ctx, GANGER_RETRY, why)` reads well
   * Thread:   [any] */
  ganger_status (*fail)(ganger_ctx *ctx, ganger_status status, ganger_str why);

  /* Should this task end, and why? One atomic load; ask as often as you like.
   * Returns:  GANGER_RUNNING or a GANGER_STOP_...
   * Thread:   [any] */
  int32_t (*stop_reason)(ganger_ctx *ctx);

  /* A file descriptor that becomes readable once the task should end, for poll and epoll.
   * Returns:  -1 when none could be made
   * Lifetime: until run() returns; the host closes it; never read from it
   * Thread:   [any] */
  int (*stop_fd)(ganger_ctx *ctx);

  /* When this attempt should be over.
   * Units:    CLOCK_MONOTONIC in nanoseconds; INT64_MAX = no deadline
   * Thread:   [any] */
  int64_t (*deadline_ns)(ganger_ctx *ctx);

  /* Calls cb(user) at most once: on a host thread when the task should end, or at once, before on_stop returns,
   * when it already should. For sqlite3_interrupt() and the like; cb must not block, borrow or log more than a
   * line. off_stop() waits for a cb that is running and may be called with 0.
   * Returns:  a token for off_stop(), 0 when cb was called at once
   * Thread:   [any] */
  uint64_t (*on_stop)(ganger_ctx *ctx, void (*cb)(void *user), void *user);
  void (*off_stop)(ganger_ctx *ctx, uint64_t token);

  /* Says how far the task is. Throttled; cheap enough for every step.
   * Units:    done and total in the task's own unit; total 0 = not known
   * Thread:   [any] */
  void (*progress)(ganger_ctx *ctx, uint64_t done, uint64_t total, ganger_str what);

  /* Reads a parameter of the task or pool, defaults filled in, of the type the description declares.
   * Shape:    i = element of a list, 0 for a single value;  out non-null, written only on GANGER_OK
   * Errors:   GANGER_NO_RESOURCE no parameter of that name, or i past the end
   * Thread:   [any] */
  ganger_status (*param)(ganger_ctx *ctx, const char *name, uint64_t i, ganger_value *out);

  /* Reads output `name` of task `task`, which this task comes after.
   * Errors:   GANGER_NO_RESOURCE no such task, not one this task comes after, or it has no such output
   * Thread:   [any] */
  ganger_status (*input)(ganger_ctx *ctx, const char *task, const char *name, ganger_value *out);

  /* Sets output `name` of this task. Small values only (64 KiB together); big data goes into a file and its
   * GANGER_PATH here. Only what a `done` attempt has set is seen by others.
   * Errors:   GANGER_BAD_PARAM bad name or type;  GANGER_NO_MEMORY too large
   * Thread:   [any] */
  ganger_status (*output)(ganger_ctx *ctx, const char *name, const ganger_value *value);

  /* A folder of this task's own, made at the first call and removed after the run unless it is kept.
   * Returns:  an absolute path; empty when it could not be made (the reason is in the log)
   * Thread:   [any] */
  ganger_str (*work_dir)(ganger_ctx *ctx);

  /* Borrows a resource that offers `interface` from a pool of the job.
   * Shape:    interface such as "ganger.sql/1";  pool = its name in the job, NULL or "" = the only one that
   *           offers the interface;  out non-null, written only on GANGER_OK
   * Units:    wait_ns: longest wait when the pool is at its limit; 0 = try once, negative = as the job says; never
   *           past the task's deadline
   * Lifetime: until release(), or until run() returns: a lease still out then is taken back and counted as a bug
   * Errors:   GANGER_TIMEOUT none came free in time;  GANGER_CANCELLED the task should end;
   *           GANGER_NO_RESOURCE no such pool, closed, or it cannot be opened (the reason is kept as by fail())
   * Thread:   [any] */
  ganger_status (*acquire)(ganger_ctx *ctx, const char *interface, const char *pool, int64_t wait_ns,
                           ganger_lease *out);

  /* Gives a lease back and empties it. A lease that is not out (given back twice, made up) changes nothing and
   * is counted as a bug.
   * Shape:    state = GANGER_LEASE_...
   * Thread:   [any] */
  void (*release)(ganger_ctx *ctx, ganger_lease *lease, uint32_t state);

  /* Calls fn(user, 0) ... fn(user, n-1) on this thread and on workers that are free; returns when all calls have
   * ended, so nothing outlives run(), and nesting cannot deadlock. The first status that is not GANGER_OK is
   * returned and keeps calls that have not started from starting.
   * Shape:    max_threads counts this thread; 0 = as many as there are
   * Errors:   GANGER_CANCELLED the task should end and not every call was made;  what fn returned
   * Thread:   [any] */
  ganger_status (*parallel)(ganger_ctx *ctx, uint64_t n, ganger_status (*fn)(void *user, uint64_t i), void *user,
                            uint32_t max_threads);
  /* ---- end of minor 0; append below ---- */
} ganger_host;

enum {
  GANGER_TASK_HEAVY = 1u,      /* runs on the work pool instead of the serial lane */
  GANGER_TASK_IDEMPOTENT = 2u, /* may be run again after a crash or a kill */
  GANGER_TASK_ISOLATE = 4u,    /* would rather run in a child process */
  GANGER_TASK_EXCLUSIVE = 8u   /* not re-entrant: at most one at a time in a process */
};

/* Something run() will borrow. Lets the host refuse a job early that could not give it.
 * Where the needs of a task come to two or more places in pools with a limit, the host takes all of these places
 * before run(), in one order for all tasks, and keeps them until run() has returned: tasks that borrow in different
 * orders do not block each other. acquire() then opens or finds the resource without waiting, and what is released
 * goes back to the kept place, to be acquired again. When the places cannot be had run() is not called, and the
 * attempt ends as acquire() would have. Not so where the pool's name is an output of another task, which is known too
 * late. */
typedef struct ganger_need {
  uint32_t struct_size, count; /* how many at once */
  const char *interface;       /* "ganger.sql/1" */
  const char *param;           /* the parameter that holds the pool's name; NULL = the only pool that offers it */
} ganger_need;

/* A task type. In a job: uses = "PLUGIN.NAME". */
typedef struct ganger_task {
  uint32_t struct_size, flags;
  const char *name;                  /* [a-z0-9_-] */
  const char *summary;               /* one line */
  const ganger_param *const *params; /* NULL-terminated, or NULL */
  const ganger_need *const *needs;   /* NULL-terminated, or NULL */
  void *user;                        /* handed to check() and run() */
  /* Optional. Looks at the parameters before anything runs; param, log and fail only, no side effects.
   * Thread:   any host thread */
  ganger_status (*check)(const ganger_host *host, ganger_ctx *ctx, void *user);
  /* The work. Asks stop_reason() where it can take long and then returns GANGER_CANCELLED; leaves no thread behind.
   * Thread:   [task] */
  ganger_status (*run)(const ganger_host *host, ganger_ctx *ctx, void *user);
} ganger_task;

enum {
  GANGER_POOL_THREAD_BOUND = 1u, /* a handle may be used and closed only on the thread that opened it */
  GANGER_POOL_HOST_ONLY = 2u     /* cannot live in a child process */
};

/* A pool kind: how the host opens and keeps resources that tasks borrow. In a job: kind = "PLUGIN.NAME". Calls for
 * one handle never overlap, and none comes while it is lent, but for those of the borrower through api. */
typedef struct ganger_pool_kind {
  uint32_t struct_size, flags;
  const char *name;                  /* [a-z0-9_-] */
  const char *summary;               /* one line */
  const char *interface;             /* what api is: "ganger.sql/1"; the number is its major */
  const void *api;                   /* the table, starting with uint32_t struct_size */
  const ganger_param *const *params; /* NULL-terminated, or NULL; what a job gives as `with` of the pool */
  void *user;                        /* handed to the four below */
  /* May block; asks stop_reason(). param, log, fail, stop_..., on_stop, deadline only: a resource borrows nothing.
   * Shape:    handle non-null, written on GANGER_OK
   * Thread:   any host thread */
  ganger_status (*open)(const ganger_host *host, ganger_ctx *ctx, void *user, void **handle);
  ganger_status (*check)(void *user, void *handle); /* optional; before lending one that idled; not OK = close it */
  ganger_status (*reset)(void *user, void *handle); /* optional; when it comes back; not OK = close it */
  void (*close)(void *user, void *handle);          /* required */
} ganger_pool_kind;

/* What ganger_plugin_v1() returns. */
typedef struct ganger_plugin {
  uint32_t struct_size;
  uint32_t abi_minor;      /* GANGER_ABI_MINOR of the headers it was built with */
  uint32_t min_host_minor; /* an older host refuses to load it */
  uint32_t reserved;
  const char *id;                            /* [a-z0-9_.-]; the file is called ID.so */
  const char *version;                       /* of the plugin */
  const char *license;                       /* SPDX, may be NULL */
  const ganger_task *const *tasks;           /* NULL-terminated, or NULL */
  const ganger_pool_kind *const *pool_kinds; /* NULL-terminated, or NULL */
  /* Optional. Before the first task or pool of this plugin is used; no threads, no I/O beyond configuration.
   * Thread:   [load] */
  ganger_status (*init)(const ganger_host *host);
  /* Optional. At the end, when nothing of this plugin runs any more; left out when the host has to leave at once.
   * Thread:   [load] */
  void (*deinit)(void);
} ganger_plugin;

/* The only symbol a plugin exports. No side effects: the host may call it just to list what there is.
 * Lifetime: host and the result live until the process ends; plugins are never unloaded
 * Thread:   [load] */
GANGER_EXPORT const ganger_plugin *ganger_plugin_v1(const ganger_host *host);

#ifdef __cplusplus
}
#endif

#endif /* GANGER_PLUGIN_H */
