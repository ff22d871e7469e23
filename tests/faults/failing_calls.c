/* For LD_PRELOAD: one function of the C library fails from its n-th call on, or the clock on the wall jumps.
 *
 *   FAILING_CALL=pwrite64:28:5        pwrite64() fails with ENOSPC (28) at its fifth call and ever after
 *   FAILING_CALL=pthread_create:11:2: with a colon at the end: only at that call
 *   JUMPING_CLOCK=1                   CLOCK_REALTIME goes a day forth and back again, at each question
 *
 * In every process that inherits these variables, each with a count of its own. */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static atomic_ulong calls;
static atomic_uint questions;

/* The error that this call is to fail with; 0 = none. */
static int error_of(const char *name) {
  const char *wish = getenv("FAILING_CALL");
  const size_t length = strlen(name);
  if (wish == NULL || strncmp(wish, name, length) != 0 || wish[length] != ':') return 0;
  char *end = NULL;
  const int error = (int)strtol(wish + length + 1, &end, 10);
  const unsigned long at = *end == ':' ? strtoul(end + 1, &end, 10) : 1;
  const unsigned long now = atomic_fetch_add(&calls, 1) + 1;
  return now == at || (now > at && *end != ':') ? error : 0;
}

typedef void (*function)(void);

/* The function that is behind this one. */
static function next(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  function f = NULL;
  memcpy(&f, &found, sizeof f);
  return f;
}

#define FAIL_BY_ERRNO(name)           \
  do {                                \
    const int error = error_of(name); \
    if (error != 0) {                 \
      errno = error;                  \
      return -1;                      \
    }                                 \
  } while (0)

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
  FAIL_BY_ERRNO("pwrite64");
  return ((ssize_t(*)(int, const void *, size_t, off64_t))next("pwrite64"))(fd, bytes, size, at);
}

EXPORT int fdatasync(int fd) {
  FAIL_BY_ERRNO("fdatasync");
  return ((int (*)(int))next("fdatasync"))(fd);
}

EXPORT int pipe2(int fds[2], int flags) {
  FAIL_BY_ERRNO("pipe2");
  return ((int (*)(int[2], int))next("pipe2"))(fds, flags);
}

EXPORT int socketpair(int domain, int type, int protocol, int fds[2]) {
  FAIL_BY_ERRNO("socketpair");
  return ((int (*)(int, int, int, int[2]))next("socketpair"))(domain, type, protocol, fds);
}

EXPORT int eventfd(unsigned start, int flags) {
  FAIL_BY_ERRNO("eventfd");
  return ((int (*)(unsigned, int))next("eventfd"))(start, flags);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *),
                          void *argument) {
  const int error = error_of("pthread_create");
  if (error != 0) return error;
  return ((int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))next("pthread_create"))(
      thread, attributes, body, argument);
}

EXPORT int posix_spawn(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]) {
  const int error = error_of("posix_spawn");
  if (error != 0) return error;
  return ((int (*)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                   char *const[], char *const[]))next("posix_spawn"))(pid, file, actions, attributes, argv, envp);
}

static void jump(time_t *seconds) {
  if (getenv("JUMPING_CLOCK") != NULL) *seconds += atomic_fetch_add(&questions, 1) % 2 == 0 ? 86400 : -86400;
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec *))next("clock_gettime");
  const int failed = real(clock, now);
  if (failed == 0 && clock == CLOCK_REALTIME) jump(&now->tv_sec);
  return failed;
}

EXPORT time_t time(time_t *into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != NULL) *into = now.tv_sec;
  return now.tv_sec;
}

EXPORT int gettimeofday(struct timeval *restrict into, void *restrict zone) {
  (void)zone;
  struct timespec now;
  const int failed = clock_gettime(CLOCK_REALTIME, &now);
  into->tv_sec = now.tv_sec;
  into->tv_usec = now.tv_nsec / 1000;
  return failed;
}
