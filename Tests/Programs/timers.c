// Timers that a process makes: when they are due, who is told, and what was missed.

#include "Support.h"

#ifndef SIGEV_THREAD_ID
#define SIGEV_THREAD_ID 4
#endif

#ifdef __i386__
// Those with times of two longs; the library uses those with wide ones.
#define SYS_timer_settime SYS_timer_settime32
#define SYS_timer_gettime SYS_timer_gettime32
#endif

static volatile sig_atomic_t count, last_code, last_value, last_overrun, last_thread;

static void note(int signal, siginfo_t *information, void *context) {
  (void)signal;
  (void)context;
  last_code = information->si_code;
  last_value = information->si_value.sival_int;
  last_overrun = information->si_overrun;
  last_thread = syscall(SYS_gettid);
  count++;
}

/// Asked directly: the library's identifiers are its own affair.
static int make(clockid_t clock, int notify, int signal, int value, int thread) {
  struct sigevent event = {0};
  event.sigev_notify = notify;
  event.sigev_signo = signal;
  event.sigev_value.sival_int = value;
  // sigev_notify_thread_id, for which some libraries have no name.
  memcpy((char *)&event + sizeof(void *) + 8, &thread, sizeof thread);
  int timer = -1;
  return syscall(SYS_timer_create, clock, &event, &timer) == 0 ? timer : -1;
}

static long set(int timer, int flags, int64_t delay, int64_t interval) {
  long words[4] = {interval / 1000000000, interval % 1000000000, delay / 1000000000, delay % 1000000000};
  return syscall(SYS_timer_settime, timer, flags, words, NULL);
}

static int64_t left(int timer, int64_t *interval) {
  long words[4] = {0};
  if (syscall(SYS_timer_gettime, timer, words) != 0) return -1;
  if (interval) *interval = words[0] * 1000000000LL + words[1];
  return words[2] * 1000000000LL + words[3];
}

static void wait_for(int number) {
  while (count < number) nap(1);
}

static void once(void) {
  count = 0;
  handle(SIGRTMIN + 1, 0, note);
  int timer = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 1, 42, 0);
  say("made: %d, not set: %d", timer >= 0, left(timer, NULL) == 0);
  int64_t start = now();
  answer("set", set(timer, 0, 20000000, 0));
  wait_for(1);
  say("not early: %d, code %d, value %d, overrun %d", now() - start >= 20000000, last_code, last_value,
      last_overrun);
  nap(30);
  say("once: %d, nothing left: %d", count, left(timer, NULL) == 0);
  answer("set", set(timer, 0, 3600000000000, 0));
  int64_t rest = left(timer, NULL);
  say("something left: %d", rest > 0 && rest <= 3600000000000);
  answer("and unset", set(timer, 0, 0, 1000));
  int64_t interval;
  say("nothing left: %d", left(timer, &interval) == 0);
  answer("deleted", syscall(SYS_timer_delete, timer));
  answer("and again", syscall(SYS_timer_delete, timer));
  answer("set", set(timer, 0, 1, 0));
  say("asked: %d", (int)left(timer, NULL));
  answer("missed", syscall(SYS_timer_getoverrun, timer));
}

static void again(void) {
  count = 0;
  handle(SIGUSR1, 0, note);
  int timer = make(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1, 1, 0);
  int64_t start = now(), interval = 0;
  set(timer, 0, 5000000, 3000000);
  wait_for(4);
  // Signals may have come together: they count what they missed.
  say("not early: %d", now() - start >= 14000000);
  left(timer, &interval);
  say("interval %d", (int)interval);
  syscall(SYS_timer_delete, timer);
}

static void missed(void) {
  count = 0;
  handle(SIGRTMIN + 2, 0, note);
  sigset_t blocked, old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGRTMIN + 2);
  sigprocmask(SIG_BLOCK, &blocked, &old);
  int timer = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 2, 3, 0);
  set(timer, 0, 2000000, 2000000);
  nap(50);
  say("one signal, however often: %d", count);
  long before = syscall(SYS_timer_getoverrun, timer);
  // The signal that is taken tells of all that was missed.
  siginfo_t information;
  int signal = sigwaitinfo(&blocked, &information);
  long after = syscall(SYS_timer_getoverrun, timer);
  set(timer, 0, 0, 0);
  say("taken: %d, code %d, value %d", signal == SIGRTMIN + 2, information.si_code, information.si_value.sival_int);
  say("before %ld, enough: %d, the same: %d", before, information.si_overrun >= 20,
      after == information.si_overrun);
  say("set anew: %ld", syscall(SYS_timer_getoverrun, timer));
  struct timespec none = {0, 0};
  while (sigtimedwait(&blocked, &information, &none) > 0) {}
  // Long ago, and every millisecond since.
  set(timer, TIMER_ABSTIME, 1, 1000000);
  signal = sigwaitinfo(&blocked, &information);
  say("long ago: %d, missed: %d", signal == SIGRTMIN + 2, information.si_overrun > 0);
  syscall(SYS_timer_delete, timer);
  while (sigtimedwait(&blocked, &information, &none) > 0) {}
  sigprocmask(SIG_SETMASK, &old, NULL);
}

static void quiet(void) {
  int timer = make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0);
  set(timer, 0, 3600000000000, 0);
  say("runs: %d", left(timer, NULL) > 0);
  set(timer, 0, 10000000, 0);
  nap(20);
  say("has run: %d", left(timer, NULL) == 0);
  set(timer, 0, 10000000, 10000000);
  nap(25);
  int64_t rest = left(timer, NULL);
  say("runs on: %d", rest > 0 && rest <= 10000000);
  syscall(SYS_timer_delete, timer);
}

static volatile int other_thread, may_end;

static void *wait_here(void *unused) {
  (void)unused;
  other_thread = syscall(SYS_gettid);
  while (!may_end) nap(1);
  return NULL;
}

static void threads(void) {
  count = 0;
  handle(SIGRTMIN + 3, 0, note);
  pthread_t thread;
  pthread_create(&thread, NULL, wait_here, NULL);
  while (!other_thread) nap(1);
  int timer = make(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGRTMIN + 3, 8, other_thread);
  set(timer, 0, 1000000, 0);
  wait_for(1);
  say("the other was told: %d, value %d", last_thread == other_thread, last_value);
  may_end = 1;
  pthread_join(thread, NULL);
  say("nobody there: %d", make(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGRTMIN + 3, 8, 0x3FFFFFF));
  syscall(SYS_timer_delete, timer);
}

static void refused(void) {
  say("no such clock: %d %s", make(77, SIGEV_SIGNAL, SIGALRM, 0, 0), strerror(errno));
  say("no such signal: %d %s", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0, 0), strerror(errno));
  say("no such notice: %d %s", make(CLOCK_MONOTONIC, 9, SIGALRM, 0, 0), strerror(errno));
  int timer = -1;
  answer("from nowhere", syscall(SYS_timer_create, CLOCK_MONOTONIC, (void *)16, &timer));
  answer("to nowhere", syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, (void *)16));
  answer("without a structure", syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &timer));
  answer("too many nanoseconds", set(timer, 0, 0, 0) == 0
      ? syscall(SYS_timer_settime, timer, 0, (long[]){0, 0, 0, 1000000000}, NULL) : -2);
  answer("time from nowhere", syscall(SYS_timer_settime, timer, 0, (void *)16, NULL));
  answer("no time", syscall(SYS_timer_settime, timer, 0, NULL, NULL));
  count = 0;
  handle(SIGALRM, 0, note);
  set(timer, 0, 1000000, 0);
  wait_for(1);
  say("its signal: %d, its number: %d", last_code, last_value == timer);
  // A child has none of them.
  pid_t child = fork();
  if (child == 0) _exit(left(timer, NULL) < 0 ? 7 : 8);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {}
  tell_status("child", status);
  syscall(SYS_timer_delete, timer);
}

static void library_note(union sigval value) {
  last_value = value.sival_int;
  count++;
}

/// What a C library makes of it.
static void library(void) {
  count = 0;
  struct sigevent event = {0};
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_notify_function = library_note;
  event.sigev_value.sival_int = 99;
  timer_t timer;
  answer("made", timer_create(CLOCK_MONOTONIC, &event, &timer));
  struct itimerspec time = {{0, 2000000}, {0, 2000000}};
  answer("set", timer_settime(timer, 0, &time, NULL));
  wait_for(3);
  say("told: %d", last_value);
  answer("deleted", timer_delete(timer));
}

int main(int argc, char **argv) {
  static const struct section sections[] = {
      {"once", once},       {"again", again},     {"missed", missed},   {"quiet", quiet},
      {"threads", threads}, {"refused", refused}, {"library", library}, {0, 0},
  };
  return run_sections(sections, argc, argv);
}
