// Takes what it was promised until there is no more, several times, beside a neighbour that must not notice.

#include "Support.h"

static void take_everything(void) {
  // Each of them may be had; all of them together are more than there is.
  for (;;) {
    char *memory = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) _exit(3);
    for (int i = 0; i < 16 << 20; i += PAGE) memory[i] = 1;
  }
}

static void give_to_the_kernel(void) {
  // The kernel touches it for the program.
  int ends[2];
  if (pipe(ends) != 0) _exit(2);
  for (;;) {
    char *memory = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) _exit(3);
    for (int i = 0; i < 16 << 20; i += PAGE) {
      if (write(ends[1], "x", 1) != 1 || read(ends[0], memory + i, 1) != 1) _exit(4);
    }
  }
}

static void multiply(void) {
  // Every child multiplies too, until there may be no more; then they wait to be ended.
  setpgid(0, 0);
  signal(SIGTERM, SIG_IGN);
  for (;;) {
    pid_t child = fork();
    if (child < 0) break;
    if (child == 0) signal(SIGTERM, SIG_DFL);
  }
  for (;;) pause();
}

static void bomb(void) {
  pid_t child = fork();
  if (child == 0) multiply();
  nap(500);
  say("no more: %d", fork() == -1);
  kill(-child, SIGKILL);
  int status;
  waitpid(child, &status, 0);
  tell_status("bomb", status);
}

static void *wait_for_ever(void *argument) {
  for (;;) pause();
  return argument;
}

static void count_threads(void) {
  // As many threads as there may be, with stacks that are hardly touched.
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 16384);
  pthread_t thread;
  int made = 0;
  while (made < 2000 && pthread_create(&thread, &attributes, wait_for_ever, NULL) == 0) made++;
  say("many threads: %d", made > 100 && made < 2000);
}

static void too_often(void) {
  struct itimerval often = {{0, 1}, {0, 1}};
  signal(SIGALRM, SIG_IGN);
  setitimer(ITIMER_REAL, &often, NULL);
  int64_t start = now();
  while (now() - start < 200000000) {}
}

int main(void) {
  volatile int *counter = shared_memory(PAGE);
  pid_t neighbour = fork();
  if (neighbour == 0) {
    for (;;) {
      (*counter)++;
      nap(1);
    }
  }
  in_child("takes everything", take_everything);
  in_child("lets the kernel take it", give_to_the_kernel);
  in_child("takes everything again", take_everything);
  in_child("multiplies", bomb);
  in_child("many threads", count_threads);
  in_child("a timer without rest", too_often);
  int count = *counter;
  nap(100);
  say("neighbour goes on %d", *counter > count);
  kill(neighbour, SIGKILL);
  wait(NULL);
  return 0;
}
