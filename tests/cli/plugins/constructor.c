/* Sound, but for what its constructor does: CONSTRUCTOR_DOES, set by CMake, is one of the functions here. */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <ganger/plugin.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

static void *wait_for_ever(void *none) {
  for (;;) pause();
  return none;
}

static inline void crashes(void) {
  signal(SIGSEGV, SIG_DFL); /* a sanitizer would make an exit of it */
  raise(SIGSEGV);
}

/* Where crashes are told, and no sanitizer has its say. */
static inline void crashes_here(void) { raise(SIGSEGV); }

static inline void aborts(void) {
  fputs("what was meant to be is not\n", stderr);
  abort();
}

static inline void exits(void) { exit(0); }

static inline void hangs(void) {
  fputs("I do not come back\n", stderr);
  for (;;) pause();
}

/* No signal reaches this thread. */
static inline void hangs_deaf(void) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
  hangs();
}

/* On the descriptor of the answer, which is none of its business. */
static inline void answers(void) {
  static const char nonsense[] = "{\"id\": \"nobody\", \"tasks\": 7}";
  if (write(3, nonsense, sizeof(nonsense) - 1) > 0) _exit(0);
}

static inline void floods(void) {
  static char block[65536];
  memset(block, '[', sizeof(block));
  while (write(3, block, sizeof(block)) > 0) {
  }
  _exit(0);
}

/* It goes off while the constructor still runs. */
static inline void arms_alarm(void) {
  const struct itimerval soon = {{0, 0}, {0, 1000}};
  setitimer(ITIMER_REAL, &soon, NULL);
  for (;;) pause();
}

static inline void starts_thread(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_ever, NULL);
}

/* A child that outlives it and holds its descriptors. */
static inline void starts_process(void) {
  if (fork() == 0) wait_for_ever(NULL);
}

static inline void leaves_and_crashes(void) {
  starts_process();
  crashes_here();
}

static inline void leaves_and_exits(void) {
  starts_process();
  exits();
}

static inline void leaves_and_hangs(void) {
  starts_process();
  hangs();
}

/* Nothing more gets into stderr where nobody reads it. */
static inline void hangs_mute(void) {
  static const char block[4096];
  fcntl(2, F_SETFL, O_WRONLY | O_NONBLOCK);
  while (write(2, block, sizeof(block)) > 0) {
  }
  while (write(2, block, 1) > 0) {
  }
  fcntl(2, F_SETFL, O_WRONLY);
  for (;;) pause();
}

/* In a process of its own, which ends as any may. */
static inline void child_exits(void) {
  const pid_t child = fork();
  if (child == 0) exit(7);
  waitpid(child, NULL, 0);
}

static inline void changes_all(void) {
  if (chdir("/") != 0) abort();
  umask(0123);
  signal(SIGUSR2, SIG_IGN);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGHUP);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
}

static inline void changes_locale(void) { setlocale(LC_ALL, "C.UTF-8"); }

__attribute__((constructor)) static void construct(void) { CONSTRUCTOR_DOES(); }

static ganger_status do_nothing(const ganger_host *host, ganger_ctx *ctx, void *user) {
  (void)host;
  (void)ctx;
  (void)user;
  return GANGER_OK;
}

static const ganger_task go = {sizeof(ganger_task), 0, "go", "Does nothing", NULL, NULL, NULL, NULL, do_nothing};
static const ganger_task *const tasks[] = {&go, NULL};
static const ganger_plugin plugin = {
    sizeof(ganger_plugin), GANGER_ABI_MINOR, 0, 0, TEXT(CONSTRUCTOR_DOES), "1.0.0", NULL, tasks, NULL, NULL, NULL};

GANGER_EXPORT const ganger_plugin *ganger_plugin_v1(const ganger_host *host) {
  (void)host;
  return &plugin;
}
