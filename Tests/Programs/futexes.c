// Waits at words of memory, asked for without the library.

#include "Support.h"

// Linux, include/uapi/linux/futex.h.
enum {
  FUTEX_WAIT = 0,
  FUTEX_WAKE = 1,
  FUTEX_REQUEUE = 3,
  FUTEX_CMP_REQUEUE = 4,
  FUTEX_WAKE_OP = 5,
  FUTEX_WAIT_BITSET = 9,
  FUTEX_WAKE_BITSET = 10,
  FUTEX_PRIVATE_FLAG = 128,
  FUTEX_CLOCK_REALTIME = 256,
  FUTEX_OP_SET = 0,
  FUTEX_OP_ADD = 1,
  FUTEX_OP_CMP_EQ = 0,
  FUTEX_OP_CMP_LT = 2,
};
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3FFFFFFFu
#define FUTEX_OP(operation, argument, comparison, value) \
  ((operation) << 28 | (comparison) << 24 | (argument) << 12 | (value))

#define FUTEX(...) syscall(SYS_futex, __VA_ARGS__)

static uint32_t words[4];
static uint32_t *common;
static volatile int woken;

// `long` is what the kernel expects of this call.
struct duration {
  long seconds, nanoseconds;
};

static void refusals(void) {
  struct duration short_time = {0, 10000000}, bad_time = {0, 2000000000}, less = {-1, 0};
  words[0] = 5;
  answer("another value", FUTEX(&words[0], FUTEX_WAIT, 4, NULL, NULL, 0));
  int64_t start = now();
  answer("time-out", FUTEX(&words[0], FUTEX_WAIT, 5, &short_time, NULL, 0));
  say("not early %d", now() - start >= 10000000);
  answer("no such time", FUTEX(&words[0], FUTEX_WAIT, 5, &bad_time, NULL, 0));
  answer("nor that", FUTEX(&words[0], FUTEX_WAIT, 5, &less, NULL, 0));
  answer("an odd place", FUTEX((char *)words + 1, FUTEX_WAIT, 5, NULL, NULL, 0));
  answer("nowhere", FUTEX(16, FUTEX_WAIT, 5, NULL, NULL, 0));
  answer("no such operation", FUTEX(&words[0], 99, 5, NULL, NULL, 0));
  answer("no bits", FUTEX(&words[0], FUTEX_WAIT_BITSET, 5, NULL, NULL, 0));
  answer("nobody there", FUTEX(&words[0], FUTEX_WAKE, 10, NULL, NULL, 0));
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  struct duration until = {end.tv_sec, end.tv_nsec + 10000000};
  if (until.nanoseconds >= 1000000000) {
    until.seconds++;
    until.nanoseconds -= 1000000000;
  }
  start = now();
  answer("until", FUTEX(&words[0], FUTEX_WAIT_BITSET, 5, &until, NULL, 1));
  say("not early %d", now() - start >= 9000000);
  clock_gettime(CLOCK_REALTIME, &end);
  struct duration real = {end.tv_sec - 1, 0};
  answer("that was", FUTEX(&words[0], FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &real, NULL, 1));
}

static void *wait_at(void *argument) {
  long result = FUTEX(&words[(long)argument & 3], FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 1, NULL, NULL,
                      (long)argument < 4 ? -1 : (long)argument >> 2);
  __sync_fetch_and_add(&woken, 1);
  return (void *)result;
}

/// Waits until so many are asleep at a word. Those that are moved from a word to the same one are only counted.
static void settle(uint32_t *word, int count, int flag) {
  while (FUTEX(word, FUTEX_CMP_REQUEUE | flag, 0, (long)count, word, *word) < count) nap(1);
}

static void settle_until(int count) {
  for (int64_t end = now() + 10000000000; woken < count && now() < end;) nap(1);
  nap(20);
}

static void waking(void) {
  pthread_t threads[4];
  words[0] = 1;
  woken = 0;
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, wait_at, (void *)0);
  settle(&words[0], 4, FUTEX_PRIVATE_FLAG);
  answer("two", FUTEX(&words[0], FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 2, NULL, NULL, 0));
  settle_until(2);
  say("woken %d", woken);
  answer("the rest", FUTEX(&words[0], FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 100, NULL, NULL, 0));
  long sum = 0;
  for (int i = 0; i < 4; i++) {
    void *result;
    pthread_join(threads[i], &result);
    sum += (long)result;
  }
  say("woken %d, answers %ld", woken, sum);
}

static void bit_sets(void) {
  pthread_t threads[3];
  words[1] = 1;
  woken = 0;
  for (long i = 0; i < 3; i++) pthread_create(&threads[i], NULL, wait_at, (void *)(1L | (4L << i)));
  settle(&words[1], 3, FUTEX_PRIVATE_FLAG);
  answer("nobody's bit", FUTEX(&words[1], FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, 9, NULL, NULL, 8));
  answer("one's", FUTEX(&words[1], FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, 9, NULL, NULL, 2));
  answer("the others'", FUTEX(&words[1], FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, 9, NULL, NULL, 5));
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  say("woken %d", woken);
}

static void requeueing(void) {
  pthread_t threads[6];
  words[0] = words[1] = 1;
  woken = 0;
  for (int i = 0; i < 6; i++) pthread_create(&threads[i], NULL, wait_at, (void *)0);
  settle(&words[0], 6, FUTEX_PRIVATE_FLAG);
  answer("another value", FUTEX(&words[0], FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 1, 2L, &words[1], 9));
  answer("one woken, two moved", FUTEX(&words[0], FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 1, 2L, &words[1], 1));
  settle_until(1);
  say("woken %d", woken);
  answer("whatever the word, one and one", FUTEX(&words[0], FUTEX_REQUEUE | FUTEX_PRIVATE_FLAG, 1, 1L, &words[1], 9));
  settle_until(2);
  say("woken %d", woken);
  answer("at the new word", FUTEX(&words[1], FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 9, NULL, NULL, 0));
  answer("at the old one", FUTEX(&words[0], FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 9, NULL, NULL, 0));
  for (int i = 0; i < 6; i++) pthread_join(threads[i], NULL);
  say("woken %d", woken);
}

static void wake_operations(void) {
  pthread_t threads[2];
  words[2] = words[3] = 1;
  woken = 0;
  for (long i = 0; i < 2; i++) pthread_create(&threads[i], NULL, wait_at, (void *)(i + 2));
  for (int i = 2; i < 4; i++) settle(&words[i], 1, FUTEX_PRIVATE_FLAG);
  answer("adds, and wakes both",
         FUTEX(&words[2], FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, 1L, &words[3],
               FUTEX_OP(FUTEX_OP_ADD, 41, FUTEX_OP_CMP_EQ, 1)));
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  say("woken %d, word %u", woken, words[3]);
  answer("not equal",
         FUTEX(&words[2], FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, 1L, &words[3],
               FUTEX_OP(FUTEX_OP_SET, 7, FUTEX_OP_CMP_LT, 3)));
  say("word %u", words[3]);
}

static void note(int signal, siginfo_t *information, void *context) {
  (void)signal;
  (void)information;
  (void)context;
}

static void signals(void) {
  handle(SIGALRM, 0, note);
  struct itimerval soon = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &soon, NULL);
  words[0] = 1;
  answer("interrupted", FUTEX(&words[0], FUTEX_WAIT, 1, NULL, NULL, 0));
}

static void between_processes(void) {
  common = shared_memory(2 * PAGE);
  uint32_t *word = common + 1024 + 7;
  *word = 1;
  pid_t children[3];
  for (int i = 0; i < 3; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      // At another address, if this one moves it.
      uint32_t *own = i == 1 ? mremap(common, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                                      (char *)common - (64 << 20)) : common;
      own += 1024 + 7;
      __sync_fetch_and_add(&own[1], 1);
      _exit(FUTEX(own, FUTEX_WAIT, 1, NULL, NULL, 0) == 0 ? 0 : 1);
    }
  }
  while (((volatile uint32_t *)word)[1] < 3) nap(1);
  settle(word, 3, 0);
  answer("private ones are others", FUTEX(word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 9, NULL, NULL, 0));
  answer("all three", FUTEX(word, FUTEX_WAKE, 9, NULL, NULL, 0));
  for (int i = 0; i < 3; i++) {
    int status;
    waitpid(children[i], &status, 0);
    tell_status("child", status);
  }
  // A copy is not the same word.
  words[0] = 1;
  pid_t child = fork();
  if (child == 0) {
    struct duration length = {0, 400000000};
    _exit(FUTEX(&words[0], FUTEX_WAIT, 1, &length, NULL, 0) == -1 && errno == ETIMEDOUT ? 0 : 1);
  }
  nap(150);
  answer("a private word of another", FUTEX(&words[0], FUTEX_WAKE, 9, NULL, NULL, 0));
  int status;
  waitpid(child, &status, 0);
  tell_status("child", status);
}

static void robust_lists(void) {
  // By hand, as a library would: a process that ends leaves its word marked.
  common = shared_memory(PAGE);
  pid_t child = fork();
  if (child == 0) {
    struct list {
      struct list *next;
      uint32_t word;
    } *entry = (struct list *)(void *)common;
    static struct {
      struct list *first;
      long offset;
      struct list *pending;
    } head;
    entry->next = (struct list *)(void *)&head.first;
    head.first = entry;
    head.offset = (char *)&entry->word - (char *)entry;
    answer("set", syscall(SYS_set_robust_list, &head, sizeof head));
    answer("of another size", syscall(SYS_set_robust_list, &head, 7));
    void *found = NULL;
    size_t size = 0;
    answer("get", syscall(SYS_get_robust_list, 0, &found, &size));
    say("the same %d", found == &head && size == sizeof head);
    entry->word = syscall(SYS_gettid) | FUTEX_WAITERS;
    settle(&entry->word, 1, 0);
    _exit(0);
  }
  uint32_t *word = (uint32_t *)(void *)((char *)common + sizeof(void *));
  while ((*(volatile uint32_t *)word & FUTEX_TID_MASK) != (uint32_t)child) nap(1);
  answer("wait", FUTEX(word, FUTEX_WAIT, child | FUTEX_WAITERS, NULL, NULL, 0));
  say("the owner has died: %d", *word == (FUTEX_WAITERS | FUTEX_OWNER_DIED));
  waitpid(child, NULL, 0);
}

static const struct section sections[] = {
    {"refusals", refusals},   {"waking", waking},         {"bit sets", bit_sets},
    {"requeueing", requeueing}, {"wake operations", wake_operations}, {"signals", signals},
    {"between processes", between_processes}, {"robust lists", robust_lists}, {NULL, NULL},
};

int main(int argc, char **argv) { return run_sections(sections, argc, argv); }
