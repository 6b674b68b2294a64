// Times: clocks, sleeps and timers. What they say differs from run to run, but not how they hang together.

#include "Support.h"

#include <sys/times.h>

static int64_t read_clock(clockid_t clock) {
  struct timespec time = {0, 0};
  if (clock_gettime(clock, &time) != 0) return -1;
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void clocks(void) {
  static const clockid_t all[] = {CLOCK_REALTIME,  CLOCK_MONOTONIC,       CLOCK_PROCESS_CPUTIME_ID,
                                  CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME};
  for (int i = 0; i < COUNT(all); i++) {
    int64_t first = read_clock(all[i]), last = first;
    int backwards = 0;
    for (int j = 0; j < 1000; j++) {
      int64_t next = read_clock(all[i]);
      backwards += next < last;
      last = next;
    }
    struct timespec step;
    say("clock %d: there %d, goes on %d, backwards %d, step %d", all[i], first >= 0, last > first, backwards,
        clock_getres(all[i], &step) == 0 && step.tv_sec == 0 && step.tv_nsec > 0);
  }
  answer("no such clock", clock_gettime(99, &(struct timespec){0}));
  answer("from nowhere", syscall(SYS_nanosleep, 16, 0));
  struct timeval value;
  gettimeofday(&value, NULL);
  int64_t real = read_clock(CLOCK_REALTIME);
  int64_t apart = real - (value.tv_sec * 1000000000LL + value.tv_usec * 1000LL);
  say("gettimeofday agrees: %d", apart >= 0 && apart < 1000000000);
  time_t seconds = time(NULL);
  say("time agrees: %d", seconds >= real / 1000000000 && seconds <= real / 1000000000 + 1);
  say("after 2020: %d", seconds > 1577836800);
}

static void sleeps(void) {
  for (int i = 1; i <= 40; i *= 3) {
    int64_t start = now();
    struct timespec length = {0, i * 1000000};
    int result = nanosleep(&length, NULL);
    int64_t slept = now() - start;
    say("%d ms: %d, not early %d, not far too late %d", i, result, slept >= i * 1000000LL,
        slept < 5000000000LL);
  }
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_nsec += 10000000;
  end.tv_sec += end.tv_nsec / 1000000000;
  end.tv_nsec %= 1000000000;
  say("until: %d", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL));
  int64_t over = read_clock(CLOCK_MONOTONIC) - (end.tv_sec * 1000000000LL + end.tv_nsec);
  say("it is that time: %d", over >= 0);
  say("a time that was: %d", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){0, 5}, NULL));
  say("real time: %d", clock_nanosleep(CLOCK_REALTIME, 0, &(struct timespec){0, 1000}, NULL));
  answer("too many nanoseconds", nanosleep(&(struct timespec){0, 1000000000}, NULL));
  answer("less than none", nanosleep(&(struct timespec){-1, 0}, NULL));
  say("no such clock: %s", strerror(clock_nanosleep(77, 0, &(struct timespec){0, 1}, NULL)));
}

static volatile sig_atomic_t taken[65];

static void note(int signal, siginfo_t *information, void *context) {
  (void)information;
  (void)context;
  taken[signal]++;
}

static void burn(int milliseconds) {
  int64_t end = read_clock(CLOCK_PROCESS_CPUTIME_ID) + milliseconds * 1000000LL;
  while (read_clock(CLOCK_PROCESS_CPUTIME_ID) < end) {}
}

static void timers(void) {
  static const struct {
    const char *name;
    int which, signal;
  } kinds[] = {{"real", ITIMER_REAL, SIGALRM},
               {"virtual", ITIMER_VIRTUAL, SIGVTALRM},
               {"profiling", ITIMER_PROF, SIGPROF}};
  for (int i = 0; i < COUNT(kinds); i++) {
    handle(kinds[i].signal, SA_RESTART, note);
    taken[kinds[i].signal] = 0;
    struct itimerval often = {{0, 5000}, {0, 10000}}, left, never = {{0, 0}, {0, 0}};
    answer(kinds[i].name, setitimer(kinds[i].which, &often, NULL));
    getitimer(kinds[i].which, &left);
    say("runs: %d, interval %d", left.it_value.tv_sec == 0 && left.it_value.tv_usec > 0 &&
        left.it_value.tv_usec <= 14000, (int)left.it_interval.tv_usec >= 4000);
    int64_t end = now() + 20000000000LL;
    while (taken[kinds[i].signal] < 5 && now() < end) {}
    say("came: %d", taken[kinds[i].signal] >= 5);
    setitimer(kinds[i].which, &never, &left);
    say("was set: %d", left.it_interval.tv_usec >= 4000);
    int count = taken[kinds[i].signal];
    burn(30);
    say("comes no more: %d", taken[kinds[i].signal] == count);
    getitimer(kinds[i].which, &left);
    say("not set: %d", left.it_value.tv_sec == 0 && left.it_value.tv_usec == 0);
  }
  struct itimerval slow = {{0, 0}, {0, 20000}};
  taken[SIGVTALRM] = 0;
  setitimer(ITIMER_VIRTUAL, &slow, NULL);
  nap(60);
  say("while it sleeps: %d", taken[SIGVTALRM]);
  for (int64_t end = now() + 20000000000LL; !taken[SIGVTALRM] && now() < end;) {}
  say("while it runs: %d", taken[SIGVTALRM]);
  answer("no such timer", setitimer(7, &slow, NULL));
  answer("from nowhere", syscall(SYS_setitimer, ITIMER_REAL, 16, 0));
}

static void alarms(void) {
  alarm(100);
  int left = alarm(1);
  say("left: %d", left == 100 || left == 99);
  taken[SIGALRM] = 0;
  int64_t start = now();
  while (!taken[SIGALRM]) pause();
  int64_t length = now() - start;
  say("a second: %d", length >= 990000000 && length < 8000000000);
  say("none left: %d", alarm(0));
  pid_t child = fork();
  if (child == 0) {
    struct itimerval left_over;
    getitimer(ITIMER_REAL, &left_over);
    _exit(left_over.it_value.tv_sec != 0);
  }
  alarm(50);
  int status;
  waitpid(child, &status, 0);
  tell_status("a child inherits no timer", status);
  alarm(0);
}

static void processor_time(void) {
  struct tms before, after;
  times(&before);
  burn(50);
  clock_t ticks = times(&after);
  say("ticks %d, ours grow %d", ticks != (clock_t)-1,
      after.tms_utime + after.tms_stime > before.tms_utime + before.tms_stime);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  say("used: %d", usage.ru_utime.tv_sec > 0 || usage.ru_utime.tv_usec + usage.ru_stime.tv_usec >= 40000);
  if (fork() == 0) {
    burn(50);
    _exit(0);
  }
  wait(NULL);
  getrusage(RUSAGE_CHILDREN, &usage);
  say("children: %d", usage.ru_utime.tv_sec > 0 || usage.ru_utime.tv_usec + usage.ru_stime.tv_usec >= 40000);
  int64_t start = read_clock(CLOCK_PROCESS_CPUTIME_ID);
  nap(100);
  say("asleep: %d", read_clock(CLOCK_PROCESS_CPUTIME_ID) - start < 90000000);
}

static const struct section sections[] = {
    {"clocks", clocks}, {"sleeps", sleeps},  {"timers", timers},
    {"alarms", alarms}, {"processor time", processor_time}, {NULL, NULL},
};

int main(int argc, char **argv) { return run_sections(sections, argc, argv); }
