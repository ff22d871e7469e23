/* The layout that plugins already built depend on. A line here never changes; an append adds one. */
#include <ganger/buffer.h>
#include <ganger/clock.h>
#include <ganger/plugin.h>
#include <ganger/sql.h>

#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field " has moved")
#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size")
#define AT_LEAST(type, bytes) _Static_assert(sizeof(type) >= (bytes), #type " has shrunk")

_Static_assert(sizeof(void *) == 8 && sizeof(long) == 8, "the offsets below are those of LP64");

/* Frozen: these cross by value or in arrays, so they cannot even grow. */
SIZE(ganger_str, 16);
AT(ganger_str, p, 0);
AT(ganger_str, n, 8);

SIZE(ganger_value, 24);
AT(ganger_value, type, 0);
AT(ganger_value, reserved, 4);
AT(ganger_value, u, 8);
AT(ganger_value, u.i, 8);
AT(ganger_value, u.f, 8);
AT(ganger_value, u.s, 8);

SIZE(ganger_lease, 24);
AT(ganger_lease, id, 0);
AT(ganger_lease, handle, 8);
AT(ganger_lease, api, 16);

/* Growable: a field stays where it is, more may follow. */
AT_LEAST(ganger_param, 48);
AT(ganger_param, struct_size, 0);
AT(ganger_param, type, 4);
AT(ganger_param, flags, 8);
AT(ganger_param, reserved, 12);
AT(ganger_param, name, 16);
AT(ganger_param, help, 24);
AT(ganger_param, def, 32);
AT(ganger_param, choices, 40);

AT_LEAST(ganger_host, 152);
AT(ganger_host, struct_size, 0);
AT(ganger_host, abi_minor, 4);
AT(ganger_host, name, 8);
AT(ganger_host, version, 16);
AT(ganger_host, get_interface, 24);
AT(ganger_host, log, 32);
AT(ganger_host, fail, 40);
AT(ganger_host, stop_reason, 48);
AT(ganger_host, stop_fd, 56);
AT(ganger_host, deadline_ns, 64);
AT(ganger_host, on_stop, 72);
AT(ganger_host, off_stop, 80);
AT(ganger_host, progress, 88);
AT(ganger_host, param, 96);
AT(ganger_host, input, 104);
AT(ganger_host, output, 112);
AT(ganger_host, work_dir, 120);
AT(ganger_host, acquire, 128);
AT(ganger_host, release, 136);
AT(ganger_host, parallel, 144);

AT_LEAST(ganger_need, 24);
AT(ganger_need, struct_size, 0);
AT(ganger_need, count, 4);
AT(ganger_need, interface, 8);
AT(ganger_need, param, 16);

AT_LEAST(ganger_task, 64);
AT(ganger_task, struct_size, 0);
AT(ganger_task, flags, 4);
AT(ganger_task, name, 8);
AT(ganger_task, summary, 16);
AT(ganger_task, params, 24);
AT(ganger_task, needs, 32);
AT(ganger_task, user, 40);
AT(ganger_task, check, 48);
AT(ganger_task, run, 56);

AT_LEAST(ganger_pool_kind, 88);
AT(ganger_pool_kind, struct_size, 0);
AT(ganger_pool_kind, flags, 4);
AT(ganger_pool_kind, name, 8);
AT(ganger_pool_kind, summary, 16);
AT(ganger_pool_kind, interface, 24);
AT(ganger_pool_kind, api, 32);
AT(ganger_pool_kind, params, 40);
AT(ganger_pool_kind, user, 48);
AT(ganger_pool_kind, open, 56);
AT(ganger_pool_kind, check, 64);
AT(ganger_pool_kind, reset, 72);
AT(ganger_pool_kind, close, 80);

AT_LEAST(ganger_plugin, 72);
AT(ganger_plugin, struct_size, 0);
AT(ganger_plugin, abi_minor, 4);
AT(ganger_plugin, min_host_minor, 8);
AT(ganger_plugin, reserved, 12);
AT(ganger_plugin, id, 16);
AT(ganger_plugin, version, 24);
AT(ganger_plugin, license, 32);
AT(ganger_plugin, tasks, 40);
AT(ganger_plugin, pool_kinds, 48);
AT(ganger_plugin, init, 56);
AT(ganger_plugin, deinit, 64);

/* The tables of interfaces grow as the host's does. */
AT_LEAST(ganger_sql_api, 128);
AT(ganger_sql_api, struct_size, 0);
AT(ganger_sql_api, reserved, 4);
AT(ganger_sql_api, exec, 8);
AT(ganger_sql_api, prepare, 16);
AT(ganger_sql_api, bind, 24);
AT(ganger_sql_api, step, 32);
AT(ganger_sql_api, rewind, 40);
AT(ganger_sql_api, column_count, 48);
AT(ganger_sql_api, column_name, 56);
AT(ganger_sql_api, column, 64);
AT(ganger_sql_api, finish, 72);
AT(ganger_sql_api, begin, 80);
AT(ganger_sql_api, commit, 88);
AT(ganger_sql_api, rollback, 96);
AT(ganger_sql_api, changes, 104);
AT(ganger_sql_api, interrupt, 112);
AT(ganger_sql_api, error, 120);

AT_LEAST(ganger_buffer_api, 24);
AT(ganger_buffer_api, struct_size, 0);
AT(ganger_buffer_api, reserved, 4);
AT(ganger_buffer_api, data, 8);
AT(ganger_buffer_api, size, 16);

AT_LEAST(ganger_clock_api, 24);
AT(ganger_clock_api, struct_size, 0);
AT(ganger_clock_api, reserved, 4);
AT(ganger_clock_api, now_ns, 8);
AT(ganger_clock_api, sleep_ns, 16);

/* What statuses, tags and flags are called may change in the source; what they are may not. */
_Static_assert(GANGER_OK == 0 && GANGER_FAILED == 1 && GANGER_RETRY == 2 && GANGER_CANCELLED == 3, "statuses");
_Static_assert(GANGER_TIMEOUT == 4 && GANGER_BAD_PARAM == 5 && GANGER_NO_RESOURCE == 6, "statuses");
_Static_assert(GANGER_UNSUPPORTED == 7 && GANGER_NO_MEMORY == 8 && GANGER_BUG == 9, "statuses");
_Static_assert(GANGER_NONE == 0 && GANGER_BOOL == 1 && GANGER_I64 == 2 && GANGER_F64 == 3, "types");
_Static_assert(GANGER_STR == 4 && GANGER_PATH == 5 && GANGER_DURATION_NS == 6, "types");
_Static_assert(GANGER_SIZE == 7 && GANGER_SECRET == 8, "types");
_Static_assert(GANGER_RUNNING == 0 && GANGER_STOP_USER == 1 && GANGER_STOP_DEADLINE == 2, "stop reasons");
_Static_assert(GANGER_STOP_UPSTREAM == 3, "stop reasons");
_Static_assert(GANGER_LEASE_CLEAN == 0 && GANGER_LEASE_SUSPECT == 1 && GANGER_LEASE_BROKEN == 2, "lease states");
_Static_assert(GANGER_TASK_HEAVY == 1 && GANGER_TASK_IDEMPOTENT == 2 && GANGER_TASK_ISOLATE == 4, "task flags");
_Static_assert(GANGER_TASK_EXCLUSIVE == 8, "task flags");
_Static_assert(GANGER_PARAM_REQUIRED == 1 && GANGER_PARAM_LIST == 2, "parameter flags");
_Static_assert(GANGER_POOL_THREAD_BOUND == 1 && GANGER_POOL_HOST_ONLY == 2, "pool flags");
_Static_assert(GANGER_LOG_TRACE == 0 && GANGER_LOG_ERROR == 4, "log levels");
