// Limits, random bytes, and what the kernel tells a program about itself.

#include "Support.h"

#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/utsname.h>

static void get_and_set(void) {
  struct rlimit limit;
  answer("get", getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = 20;
  answer("lower", setrlimit(RLIMIT_NOFILE, &limit));
  struct rlimit again;
  getrlimit(RLIMIT_NOFILE, &again);
  say("soft %d, hard the same %d", (int)again.rlim_cur, again.rlim_max == limit.rlim_max);
  answer("a child", fork() == 0 ? (getrlimit(RLIMIT_NOFILE, &again), _exit(again.rlim_cur != 20), 0) : 0);
  int status;
  wait(&status);
  tell_status("inherits", status);
  limit.rlim_cur = limit.rlim_max + 1;
  if (limit.rlim_max != RLIM_INFINITY) answer("above the hard one", setrlimit(RLIMIT_NOFILE, &limit));
  answer("no such limit", getrlimit(99, &limit));
  answer("to nowhere", syscall(SYS_prlimit64, 0, RLIMIT_CORE, 0, 16));
}

static void descriptors(void) {
  struct rlimit limit = {20, 1024};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 20;
  setrlimit(RLIMIT_NOFILE, &limit);
  int last = 0, next;
  while ((next = dup(1)) >= 0) last = next;
  say("the last one is %d: %s", last, strerror(errno));
  answer("pipe", pipe((int[2]){0, 0}));
  answer("beyond", dup2(1, 20));
  for (int i = 3; i <= last; i++) close(i);
}

static void address_space(void) {
  struct rlimit limit = {64 << 20, 64 << 20};
  answer("set", setrlimit(RLIMIT_AS, &limit));
  void *memory = mmap(NULL, 128 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("too much: %s", memory == MAP_FAILED ? strerror(errno) : "done");
  memory = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("enough: %s", memory == MAP_FAILED ? strerror(errno) : "done");
  int blocks = 0;
  while (blocks < 100 && mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
    blocks++;
  }
  say("then it ends: %d", blocks > 10 && blocks < 60);
}

static volatile sig_atomic_t taken;

static void note(int signal, siginfo_t *information, void *context) {
  (void)signal;
  (void)information;
  (void)context;
  taken++;
}

static void processor_time(void) {
  handle(SIGXCPU, 0, note);
  struct rlimit limit = {1, 2};
  setrlimit(RLIMIT_CPU, &limit);
  for (;;) {
    if (taken == 1) {
      say("told");
      taken = 2;
    }
  }
}

static void file_size(void) {
  char name[] = "/tmp/limits-XXXXXX";
  int file = mkstemp(name);
  unlink(name);
  handle(SIGXFSZ, 0, note);
  taken = 0;
  struct rlimit limit = {1000, 1000};
  setrlimit(RLIMIT_FSIZE, &limit);
  char block[600];
  memset(block, 0, sizeof block);
  answer("first", write(file, block, 600));
  answer("second", write(file, block, 600));
  answer("third", write(file, block, 600));
  say("told %d", taken);
  answer("longer", ftruncate(file, 2000));
}

static void touch_below(long bytes) {
  volatile char *place = (volatile char *)__builtin_frame_address(0) - bytes;
  *place = 1;
  say("%ld KiB below: %d", bytes >> 10, *place);
}

static void stack_size(void) {
  touch_below(1 << 20);
  struct rlimit limit = {2 << 20, 2 << 20};
  answer("set", setrlimit(RLIMIT_STACK, &limit));
  touch_below(3 << 19);
  touch_below(3 << 20);
}

static void processes(void) {
  struct rlimit limit = {1, 1};
  answer("set", setrlimit(RLIMIT_NPROC, &limit));
  // It does not hold for the superuser.
  if (getuid() == 0 && setuid(54321) != 0) say("setuid: %s", strerror(errno));
  pid_t child = fork();
  if (child == 0) _exit(0);
  say("fork: %s", child < 0 ? strerror(errno) : "done");
}

static void each_in_a_child(void) {
  in_child("stack", stack_size);
  in_child("processes", processes);
  in_child("address space", address_space);
  in_child("file size", file_size);
  in_child("processor time", processor_time);
}

static void random_bytes(void) {
  unsigned char first[64] = {0}, second[64] = {0};
  answer("some", getrandom(first, sizeof first, 0));
  answer("more", getrandom(second, sizeof second, GRND_NONBLOCK));
  int zeros = 0;
  for (int i = 0; i < 64; i++) zeros += first[i] == 0;
  say("different %d, few zeros %d", memcmp(first, second, 64) != 0, zeros < 10);
  answer("to nowhere", syscall(SYS_getrandom, 16, 10, 0));
  answer("a bad flag", syscall(SYS_getrandom, first, 10, 0x100));
  const unsigned char *given = (const unsigned char *)getauxval(AT_RANDOM);
  zeros = 0;
  for (int i = 0; i < 16; i++) zeros += given[i] == 0;
  say("sixteen at the start: %d", zeros < 6);
}

static void about_itself(void) {
  struct utsname name;
  answer("uname", uname(&name));
  say("it is %s", name.sysname);
  say("page %ld, word %d", (long)getauxval(AT_PAGESZ), (int)sizeof(long));
  say("same user: %d %d", getauxval(AT_UID) == getuid(), getauxval(AT_EGID) == getegid());
  say("there is an entry: %d", getauxval(AT_ENTRY) != 0 && getauxval(AT_PHDR) != 0);
  char text[20] = "";
  answer("set name", prctl(PR_SET_NAME, "a long name of a program"));
  answer("get name", prctl(PR_GET_NAME, text));
  say("%s", text);
  answer("no such wish", prctl(9999, 0, 0, 0, 0));
  cpu_set_t set;
  say("processors: %d", sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) >= 1);
  answer("yield", sched_yield());
}

static void unknown_calls(void) {
  // What newer libraries ask for first, to go on without it.
  answer("no such call", syscall(1000));
  answer("nor this", syscall(-1));
}

static const struct section sections[] = {
    {"get and set", get_and_set},  {"descriptors", descriptors}, {"each in a child", each_in_a_child},
    {"random bytes", random_bytes}, {"about itself", about_itself}, {"unknown calls", unknown_calls},
    {NULL, NULL},
};

int main(int argc, char **argv) { return run_sections(sections, argc, argv); }
