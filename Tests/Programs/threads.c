// Threads: how they share, wait for each other, end, and what the kernel does about it.

#include "Support.h"

#include <semaphore.h>

// MARK: Sharing

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void *count_up(void *argument) {
  for (long i = 0; i < (long)argument; i++) {
    pthread_mutex_lock(&lock);
    counter++;
    pthread_mutex_unlock(&lock);
  }
  return (void *)pthread_self();
}

static void counting(void) {
  pthread_t threads[6];
  int same = 0;
  for (int i = 0; i < 6; i++) pthread_create(&threads[i], NULL, count_up, (void *)20000L);
  for (int i = 0; i < 6; i++) {
    void *result;
    pthread_join(threads[i], &result);
    same += result == (void *)threads[i];
  }
  say("six threads counted to %ld, %d answered with themselves", counter, same);
}

static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static int ring[8], ring_head, ring_count;

static void *produce(void *argument) {
  for (int i = 1; i <= 2000; i++) {
    pthread_mutex_lock(&lock);
    while (ring_count == 8) pthread_cond_wait(&emptied, &lock);
    ring[(ring_head + ring_count++) % 8] = i;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&lock);
  }
  return argument;
}

static void *consume(void *argument) {
  long *sum = argument;
  for (int i = 0; i < 2000; i++) {
    pthread_mutex_lock(&lock);
    while (ring_count == 0) pthread_cond_wait(&filled, &lock);
    *sum += ring[ring_head];
    ring_head = (ring_head + 1) % 8;
    ring_count--;
    pthread_cond_signal(&emptied);
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

static void handing_over(void) {
  pthread_t threads[6];
  long sums[3] = {0};
  for (int i = 0; i < 3; i++) {
    pthread_create(&threads[i], NULL, produce, NULL);
    pthread_create(&threads[i + 3], NULL, consume, &sums[i]);
  }
  for (int i = 0; i < 6; i++) pthread_join(threads[i], NULL);
  say("consumed %ld, left %d", sums[0] + sums[1] + sums[2], ring_count);
}

static pthread_barrier_t barrier;
static int rounds[4], serials, uneven;

static void *meet(void *argument) {
  int self = (int)(long)argument;
  for (int i = 0; i < 100; i++) {
    rounds[self]++;
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) __sync_fetch_and_add(&serials, 1);
    for (int other = 0; other < 4; other++) {
      if (rounds[other] < i + 1) __sync_fetch_and_add(&uneven, 1);
    }
    pthread_barrier_wait(&barrier);
  }
  return NULL;
}

static void meeting(void) {
  pthread_t threads[4];
  pthread_barrier_init(&barrier, NULL, 4);
  for (long i = 0; i < 4; i++) pthread_create(&threads[i], NULL, meet, (void *)i);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  say("serial threads %d, uneven %d", serials, uneven);
}

static pthread_rwlock_t sharing = PTHREAD_RWLOCK_INITIALIZER;
static long pair[2], torn;

static void *read_pairs(void *argument) {
  for (int i = 0; i < 3000; i++) {
    pthread_rwlock_rdlock(&sharing);
    if (pair[0] != pair[1]) torn++;
    pthread_rwlock_unlock(&sharing);
  }
  return argument;
}

static void *write_pairs(void *argument) {
  for (int i = 0; i < 3000; i++) {
    pthread_rwlock_wrlock(&sharing);
    pair[0]++;
    pair[1]++;
    pthread_rwlock_unlock(&sharing);
  }
  return argument;
}

static void reading_and_writing(void) {
  pthread_t threads[5];
  for (int i = 0; i < 5; i++) pthread_create(&threads[i], NULL, i < 2 ? write_pairs : read_pairs, NULL);
  for (int i = 0; i < 5; i++) pthread_join(threads[i], NULL);
  say("written %ld, torn %ld", pair[0], torn);
}

static sem_t ping, pong;

static void *serve(void *argument) {
  for (int i = 0; i < 1000; i++) {
    sem_wait(&ping);
    counter++;
    sem_post(&pong);
  }
  return argument;
}

static void semaphores(void) {
  counter = 0;
  sem_init(&ping, 0, 0);
  sem_init(&pong, 0, 0);
  pthread_t thread;
  pthread_create(&thread, NULL, serve, NULL);
  int ordered = 1;
  for (int i = 0; i < 1000; i++) {
    sem_post(&ping);
    sem_wait(&pong);
    ordered &= counter == i + 1;
  }
  pthread_join(thread, NULL);
  say("served %ld, in order %d", counter, ordered);
}

// MARK: A thread's own

static __thread int own = 7;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int destroyed, initialized;

static void destroy(void *value) { destroyed += (int)(long)value; }
static void initialize(void) { initialized++; }

static void *keep(void *argument) {
  pthread_once(&once, initialize);
  pthread_setspecific(key, argument);
  int fresh = own == 7;
  own = (int)(long)argument;
  nap(5);
  return (void *)(long)(fresh && own == (int)(long)argument && pthread_getspecific(key) == argument);
}

static void own_variables(void) {
  pthread_key_create(&key, destroy);
  pthread_t threads[4];
  long right = 0;
  for (long i = 0; i < 4; i++) pthread_create(&threads[i], NULL, keep, (void *)(i + 1));
  for (int i = 0; i < 4; i++) {
    void *result;
    pthread_join(threads[i], &result);
    right += (long)result;
  }
  say("right %ld, destroyed %d, initialized %d, ours %d", right, destroyed, initialized, own);
}

// MARK: Ends

static void clean(void *argument) { *(int *)argument = 1; }

static void *sleep_for_ever(void *argument) {
  pthread_cleanup_push(clean, argument);
  for (;;) pause();
  pthread_cleanup_pop(0);
}

static void *spin(void *argument) {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  *(volatile int *)argument = 1;
  for (;;) {}
}

static void cancellation(void) {
  pthread_t thread;
  int cleaned = 0;
  volatile int spins = 0;
  void *result;
  pthread_create(&thread, NULL, sleep_for_ever, &cleaned);
  nap(10);
  pthread_cancel(thread);
  pthread_join(thread, &result);
  say("cancelled %d, cleaned %d", result == PTHREAD_CANCELED, cleaned);
  pthread_create(&thread, NULL, spin, (void *)&spins);
  while (!spins) sched_yield();
  pthread_cancel(thread);
  pthread_join(thread, &result);
  say("cancelled while it ran %d", result == PTHREAD_CANCELED);
}

static void *nothing(void *argument) { return argument; }

static void many(void) {
  long good = 0;
  for (int round = 0; round < 5; round++) {
    pthread_t threads[40];
    for (long i = 0; i < 40; i++) good += pthread_create(&threads[i], NULL, nothing, (void *)i) == 0;
    for (long i = 0; i < 40; i++) {
      void *result;
      pthread_join(threads[i], &result);
      good += result == (void *)i;
    }
  }
  say("of 400 steps %ld were right", good);
}

static void *leave_later(void *argument) {
  nap(20);
  exit((int)(long)argument);
}

static void main_thread_leaves(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, leave_later, (void *)7L);
  pthread_exit(NULL);
}

static void all_end_together(void) {
  pthread_t thread;
  int ready = 0;
  for (int i = 0; i < 5; i++) pthread_create(&thread, NULL, sleep_for_ever, &ready);
  nap(5);
  exit(9);
}

static void *run_another(void *argument) {
  execl("/proc/self/exe", "threads", "nothing of this name", NULL);
  return argument;
}

static void a_thread_executes(void) {
  pthread_t thread;
  int ready = 0;
  for (int i = 0; i < 5; i++) pthread_create(&thread, NULL, sleep_for_ever, &ready);
  pthread_create(&thread, NULL, run_another, NULL);
  for (;;) pause();
}

static void *fault(void *argument) {
  *(volatile int *)argument = 1;
  return NULL;
}

static void a_thread_faults(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, fault, (void *)16L);
  pthread_join(thread, NULL);
}

static void *fork_in_thread(void *argument) {
  own = 12;
  pid_t child = fork();
  if (child == 0) _exit(own + (int)(long)argument);
  int status;
  waitpid(child, &status, 0);
  return (void *)(long)WEXITSTATUS(status);
}

static void ends(void) {
  in_child("main thread leaves", main_thread_leaves);
  in_child("all end together", all_end_together);
  in_child("a thread runs a program", a_thread_executes);
  in_child("a thread faults", a_thread_faults);
  pthread_t thread;
  void *result;
  pthread_create(&thread, NULL, fork_in_thread, (void *)30L);
  pthread_join(thread, &result);
  say("a thread's fork: %ld", (long)result);
}

// MARK: Kinds of mutexes

static void kinds(void) {
  pthread_mutexattr_t attributes;
  pthread_mutex_t mutex;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&mutex, &attributes);
  int first = pthread_mutex_lock(&mutex), second = pthread_mutex_lock(&mutex);
  say("recursive: %d %d %d %d", first, second, pthread_mutex_unlock(&mutex), pthread_mutex_unlock(&mutex));
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&mutex, &attributes);
  first = pthread_mutex_lock(&mutex);
  second = pthread_mutex_lock(&mutex);
  say("checked: %d, %s, %d, %s", first, strerror(second), pthread_mutex_unlock(&mutex),
      strerror(pthread_mutex_unlock(&mutex)));
}

static void *lock_and_leave(void *argument) {
  pthread_mutex_lock(argument);
  return NULL;
}

static void robust(void) {
  pthread_mutexattr_t attributes;
  pthread_mutex_t mutex;
  pthread_t thread;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&mutex, &attributes);
  pthread_create(&thread, NULL, lock_and_leave, &mutex);
  pthread_join(thread, NULL);
  int result = pthread_mutex_lock(&mutex);
  say("owner gone: %s", strerror(result));
  say("made good: %d %d", pthread_mutex_consistent(&mutex), pthread_mutex_unlock(&mutex));
  pthread_create(&thread, NULL, lock_and_leave, &mutex);
  pthread_join(thread, NULL);
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  say("not made good: %s", strerror(pthread_mutex_lock(&mutex)));
}

struct common {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  int turn, count;
};

static void between_processes(void) {
  struct common *common = shared_memory(PAGE);
  pthread_mutexattr_t attributes;
  pthread_condattr_t condition;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&common->mutex, &attributes);
  pthread_condattr_init(&condition);
  pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
  pthread_cond_init(&common->condition, &condition);
  pid_t child = fork();
  int self = child == 0;
  for (int i = 0; i < 200; i++) {
    pthread_mutex_lock(&common->mutex);
    while (common->turn != self) pthread_cond_wait(&common->condition, &common->mutex);
    common->count++;
    common->turn = !self;
    pthread_cond_signal(&common->condition);
    pthread_mutex_unlock(&common->mutex);
  }
  if (self) {
    // Ends with the lock: whoever waits is told.
    pthread_mutex_lock(&common->mutex);
    common->turn = 2;
    nap(20);
    _exit(0);
  }
  while (*(volatile int *)&common->turn != 2) nap(1);
  int result = pthread_mutex_lock(&common->mutex);
  int status;
  waitpid(child, &status, 0);
  say("turns %d, then: %s", common->count, strerror(result));
}

// MARK: Time-outs

static struct timespec soon(clockid_t clock, int milliseconds) {
  struct timespec time;
  clock_gettime(clock, &time);
  time.tv_nsec += milliseconds * 1000000L;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

static void *try_lock(void *argument) {
  struct timespec end = soon(CLOCK_REALTIME, 20);
  int64_t start = now();
  int result = pthread_mutex_timedlock(argument, &end);
  say("lock: %s, not early %d", strerror(result), now() - start > 15000000);
  return NULL;
}

static void time_outs(void) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition;
  pthread_condattr_t attributes;
  pthread_t thread;
  pthread_mutex_lock(&mutex);
  pthread_create(&thread, NULL, try_lock, &mutex);
  pthread_join(thread, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&condition, &attributes);
  struct timespec end = soon(CLOCK_MONOTONIC, 20);
  int64_t start = now();
  int result = pthread_cond_timedwait(&condition, &mutex, &end);
  say("condition: %s, not early %d", strerror(result), now() - start > 15000000);
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  end = soon(CLOCK_REALTIME, 20);
  answer("semaphore", sem_timedwait(&semaphore, &end));
}

static const struct section sections[] = {
    {"counting", counting},
    {"handing over", handing_over},
    {"meeting", meeting},
    {"reading and writing", reading_and_writing},
    {"semaphores", semaphores},
    {"own variables", own_variables},
    {"cancellation", cancellation},
    {"many", many},
    {"ends", ends},
    {"kinds", kinds},
    {"robust", robust},
    {"between processes", between_processes},
    {"time-outs", time_outs},
    {NULL, NULL},
};

int main(int argc, char **argv) { return run_sections(sections, argc, argv); }
