// Starting a process under a filter.
//
// Between fork and exec only async-signal-safe functions may run, for the parent has threads. After the filter is
// in place the child must not make any call on its way to exec that a policy might hold back, except exec itself:
// it reports through shared memory, not through a pipe, and the parent takes the listener out of the child with
// pidfd_getfd instead of having it sent.

#define _GNU_SOURCE
#include "CSeccomp.h"
#include <errno.h>

#ifdef __linux__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

_Static_assert(sizeof(struct seccomp_instruction) == sizeof(struct sock_filter), "the kernel reads these");

// What the child tells the parent, in a page both can write. The program itself no longer has it: exec unmaps it.
struct seccomp_report {
  atomic_int state;  // 0: not there yet, 1: filtered and waiting for leave, 2: leave to exec, 3: failed
  int listener;
  int killable_wait;
  int error;
  int step;  // index into steps
};

static const char *const steps[] = {"start", "prctl(PR_SET_NO_NEW_PRIVS)", "seccomp(SET_MODE_FILTER)", "exec"};

// Turns of an empty loop, some seconds' worth.
static const uint64_t patience = UINT64_C(1) << 33;

static void fail(struct seccomp_report *report, int step) {
  report->error = errno;
  report->step = step;
  atomic_store(&report->state, 3);
  _exit(127);
}

static void run_child(const char *path, char *const arguments[], const struct seccomp_instruction *filter,
                      uint16_t count, struct seccomp_report *report) {
  // The parent's threads may have signals blocked; the program must not inherit that.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (count > 0) {
    struct sock_fprog program = {count, (struct sock_filter *)filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(report, 1);
    unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    report->killable_wait = 1;
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                            flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
    if (listener < 0 && errno == EINVAL) {
      report->killable_wait = 0;
      listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    }
    if (listener < 0) fail(report, 2);
    report->listener = (int)listener;
    atomic_store(&report->state, 1);
    // No sleeping call here: it might be one that waits for a listener which nobody serves yet.
    // The end of the loop is for a parent that was killed meanwhile; leave comes within microseconds.
    for (uint64_t turns = 0; atomic_load(&report->state) != 2; turns++)
      if (turns == patience) _exit(127);
  }
  execvp(path, arguments);
  fail(report, 3);
}

static void reap(pid_t pid) {
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
  }
}

int seccomp_start(const char *path, char *const arguments[], const struct seccomp_instruction *filter,
                  uint16_t count, struct seccomp_child *child, const char **step) {
  *step = steps[0];
  struct seccomp_report *report =
      mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (report == MAP_FAILED) return errno;
  int result = 0;
  child->listener = -1;
  child->killable_wait = 0;
  child->report = NULL;
  pid_t pid = fork();
  if (pid == 0) run_child(path, arguments, filter, count, report);
  child->pid = pid;
  if (pid < 0) {
    result = errno;
  } else if (count > 0) {
    int state;
    int is_gone = 0;
    // A child that someone kills before it has reported never will.
    while ((state = atomic_load(&report->state)) == 0 && !(is_gone = waitpid(pid, NULL, WNOHANG) == pid)) sched_yield();
    if (is_gone) {
      result = ESRCH;
    } else if (state == 1) {
      int handle = (int)syscall(SYS_pidfd_open, pid, 0);
      *step = "pidfd_getfd";
      if (handle >= 0) child->listener = (int)syscall(SYS_pidfd_getfd, handle, report->listener, 0);
      if (child->listener < 0) {
        result = errno;
        kill(pid, SIGKILL);
      }
      if (handle >= 0) close(handle);
      child->killable_wait = report->killable_wait;
      atomic_store(&report->state, 2);
    } else {
      result = report->error;
      *step = steps[report->step];
    }
    if (result != 0 && !is_gone) reap(pid);
  }
  child->report = report;
  if (result != 0) seccomp_finish(child);
  return result;
}

int seccomp_finish(struct seccomp_child *child) {
  struct seccomp_report *report = child->report;
  if (!report) return 0;
  // Read once: the state is written last.
  int error = atomic_load(&report->state) == 3 ? report->error : 0;
  munmap(report, sizeof *report);
  child->report = NULL;
  return error;
}

// Seconds that the main thread of an ended process, not yet waited for, was ready but had no processor
// (Linux, Documentation/scheduler/sched-stats.rst); -1 where the kernel does not count them.
static double queued_seconds(pid_t pid) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return -1;
  unsigned long long running, queued;
  int read = fscanf(file, "%llu %llu", &running, &queued);
  fclose(file);
  return read == 2 ? (double)queued * 1e-9 : -1;
}

int seccomp_wait(pid_t pid, double *user_seconds, double *system_seconds, double *queue_seconds) {
  int status = 0;
  struct rusage usage;
  siginfo_t end;
  while (waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT) < 0)
    if (errno != EINTR) return -errno;
  *queue_seconds = queued_seconds(pid);
  while (wait4(pid, &status, 0, &usage) < 0)
    if (errno != EINTR) return -errno;
  *user_seconds = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec * 1e-6;
  *system_seconds = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec * 1e-6;
  return status;
}

#else

int seccomp_start(const char *path, char *const arguments[], const struct seccomp_instruction *filter,
                  uint16_t count, struct seccomp_child *child, const char **step) {
  *step = "seccomp, which only Linux has";
  return ENOSYS;
}

int seccomp_finish(struct seccomp_child *child) { return 0; }
int seccomp_wait(pid_t pid, double *user_seconds, double *system_seconds, double *queue_seconds) {
  return -ENOSYS;
}

#endif
