// Memory: mappings of all kinds, what they allow, and what a fork does to them.

#include "Support.h"

static sigjmp_buf out;
static siginfo_t last;
static volatile sig_atomic_t is_probing;

static void leave(int signal, siginfo_t *information, void *context) {
  (void)context;
  if (!is_probing) _exit(97);
  last = *information;
  siglongjmp(out, signal);
}

/// Whether a byte can be read, and written: "rw", "r-" or "--".
static const char *probe(volatile char *place) {
  const char *volatile found = "--";
  is_probing = 1;
  if (sigsetjmp(out, 1) == 0) {
    char value = *place;
    found = "r-";
    *place = value;
    found = "rw";
  } else if (last.si_signo == SIGBUS) {
    found = "end";
  }
  is_probing = 0;
  return found;
}

static char *anywhere(size_t size, int protection, int flags) {
  return mmap(NULL, size, protection, flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void anonymous(void) {
  char *memory = anywhere(20 * PAGE, PROT_READ | PROT_WRITE, 0);
  int zeros = 1;
  for (int i = 0; i < 20 * PAGE; i++) zeros &= memory[i] == 0;
  for (int i = 0; i < 20; i++) memory[i * PAGE] = i;
  int right = 1;
  for (int i = 0; i < 20; i++) right &= memory[i * PAGE] == i;
  say("zeros %d, kept %d", zeros, right);
  answer("a hole", munmap(memory + 5 * PAGE, 3 * PAGE));
  say("around it: %s %s %s %s", probe(memory + 4 * PAGE), probe(memory + 5 * PAGE), probe(memory + 7 * PAGE),
      probe(memory + 8 * PAGE));
  char *filled = mmap(memory + 5 * PAGE, 3 * PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  say("filled again %d, zeros %d", filled == memory + 5 * PAGE, filled[0] == 0);
  void *taken =
      mmap(memory, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  say("where something is: %s", taken == MAP_FAILED ? strerror(errno) : "done");
  memory[0] = 9;
  char *fixed = mmap(memory, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  say("in its place %d, new %d: %s", fixed == memory, fixed[0] == 0, probe(memory));
  answer("all of it", munmap(memory, 20 * PAGE));
  answer("and again", munmap(memory, 20 * PAGE));
  say("nothing there: %s", probe(memory));
}

static void refusals(void) {
  struct {
    const char *name;
    size_t length;
    int protection, flags, file;
    off_t offset;
  } bad[] = {
      {"no length", 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0},
      {"neither shared nor private", PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0},
      {"a bad descriptor", PAGE, PROT_READ, MAP_PRIVATE, 77, 0},
      {"an odd offset", PAGE, PROT_READ, MAP_PRIVATE, 0, 17},
      {"nearly everything", SIZE_MAX & ~(size_t)(16 * PAGE - 1), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0},
  };
  for (int i = 0; i < COUNT(bad); i++) {
    // Asked directly: the library refuses some of these itself.
#ifdef __i386__
    long result = bad[i].offset == 17 ? (errno = EINVAL, -1)
                                      : syscall(SYS_mmap2, 0, bad[i].length, bad[i].protection, bad[i].flags,
                                                bad[i].file, bad[i].offset);
#else
    long result = syscall(SYS_mmap, 0, bad[i].length, bad[i].protection, bad[i].flags, bad[i].file,
                          bad[i].offset);
#endif
    say("%s: %s", bad[i].name, result == -1 ? strerror(errno) : "done");
  }
  char *memory = anywhere(PAGE, PROT_READ, 0);
  answer("an odd address", munmap(memory + 1, PAGE));
  answer("no pages", munmap(memory, 0));
  answer("protect what is not there", mprotect((void *)(uintptr_t)0x20000, PAGE, PROT_READ));
  munmap(memory, PAGE);
}

static void protection(void) {
  char *memory = anywhere(8 * PAGE, PROT_READ | PROT_WRITE, 0);
  for (int i = 0; i < 8; i++) memory[i * PAGE] = i + 1;
  answer("read-only", mprotect(memory + 2 * PAGE, 2 * PAGE, PROT_READ));
  answer("nothing", mprotect(memory + 5 * PAGE, PAGE, PROT_NONE));
  for (int i = 0; i < 8; i++) say("page %d: %s", i, probe(memory + i * PAGE));
  say("codes: %d", last.si_code);
  answer("all again", mprotect(memory, 8 * PAGE, PROT_READ | PROT_WRITE));
  int right = 1;
  for (int i = 0; i < 8; i++) right &= memory[i * PAGE] == i + 1;
  say("contents kept: %d", right);
  munmap(memory + 3 * PAGE, PAGE);
  answer("across a hole", mprotect(memory, 8 * PAGE, PROT_READ));
  munmap(memory, 8 * PAGE);
}

static void code(void) {
  // mov eax, 42; ret
  static const unsigned char function[] = {0xB8, 42, 0, 0, 0, 0xC3};
  unsigned char *memory = (unsigned char *)anywhere(PAGE, PROT_READ | PROT_WRITE, 0);
  memcpy(memory, function, sizeof function);
  answer("made executable", mprotect(memory, PAGE, PROT_READ | PROT_EXEC));
  say("it says %d, and is %s", ((int (*)(void))(uintptr_t)memory)(), probe((char *)memory));
  munmap(memory, PAGE);
}

static void moving(void) {
  char *memory = anywhere(4 * PAGE, PROT_READ | PROT_WRITE, 0);
  for (int i = 0; i < 4; i++) memory[i * PAGE] = i + 1;
  char *shorter = mremap(memory, 4 * PAGE, 2 * PAGE, 0);
  say("shorter: %d, %s %s", shorter == memory, probe(memory + PAGE), probe(memory + 2 * PAGE));
  char *longer = mremap(memory, 2 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);
  say("longer: %d %d %d", longer[0], longer[PAGE], longer[299 * PAGE]);
  char *blocked = mmap(longer + 300 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  void *stuck = mremap(longer, 300 * PAGE, 400 * PAGE, 0);
  say("no room: %s", stuck == MAP_FAILED ? strerror(errno) : "done");
  char *target = anywhere(10 * PAGE, PROT_NONE, 0);
  char *there = mremap(longer, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE);
  say("to a place: %d, %d %d %d, old %s, behind %s", there == target + PAGE, there[0], there[PAGE],
      there[2 * PAGE], probe(longer), probe(longer + 2 * PAGE));
  say("beside it: %s %s", probe(target), probe(target + 4 * PAGE));
  void *nothing = mremap((void *)(uintptr_t)0x20000, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
  say("what is not there: %s", nothing == MAP_FAILED ? strerror(errno) : "done");
  munmap(target, 10 * PAGE);
  munmap(longer, 300 * PAGE);
  munmap(blocked, PAGE);
}

static void files(void) {
  char name[] = "/tmp/memory-XXXXXX";
  int file = mkstemp(name);
  unlink(name);
  char block[PAGE];
  for (int i = 0; i < 3; i++) {
    memset(block, 'a' + i, PAGE);
    if (write(file, block, i == 2 ? 100 : PAGE) < 0) return;
  }
  char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  char *second = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, PAGE);
  close(file);
  say("%c %c %c, then %d, second %c", map[0], map[PAGE], map[2 * PAGE + 99], map[2 * PAGE + 100], second[5]);
  map[PAGE + 5] = 'X';
  say("ours %c, the other's %c", map[PAGE + 5], second[5]);
  say("in the page: %s, beyond: %s", probe(map + 2 * PAGE + 4000), probe(map + 3 * PAGE));
  int child = fork();
  if (child == 0) {
    map[0] = 'Y';
    _exit(map[0] == 'Y' && map[PAGE + 5] == 'X' ? 0 : 1);
  }
  int status;
  waitpid(child, &status, 0);
  tell_status("child", status);
  say("ours %c", map[0]);
  munmap(map, 4 * PAGE);
  munmap(second, PAGE);
}

static void copies(void) {
  char *memory = anywhere(64 * PAGE, PROT_READ | PROT_WRITE, 0);
  for (int i = 0; i < 64; i++) memory[i * PAGE] = i;
  int ends[2];
  if (pipe(ends) != 0) return;
  pid_t child = fork();
  if (child == 0) {
    char byte;
    if (read(ends[0], &byte, 1) != 1) _exit(255);
    int old = 0;
    for (int i = 0; i < 64; i++) old += memory[i * PAGE] == i;
    for (int i = 0; i < 64; i += 2) memory[i * PAGE] = 100;
    _exit(old);
  }
  for (int i = 1; i < 64; i += 2) memory[i * PAGE] = 200 & 127;
  if (write(ends[1], "x", 1) != 1) return;
  int status;
  waitpid(child, &status, 0);
  int kept = 0, changed = 0;
  for (int i = 0; i < 64; i += 2) kept += memory[i * PAGE] == i;
  for (int i = 1; i < 64; i += 2) changed += memory[i * PAGE] == (200 & 127);
  say("child saw %d, we have kept %d and changed %d", WEXITSTATUS(status), kept, changed);
  // The kernel writes into a page in common: the other must not see it.
  child = fork();
  if (child == 0) {
    if (write(ends[1], "zzzz", 4) != 4 || read(ends[0], memory, 4) != 4) _exit(1);
    _exit(memory[0] == 'z' ? 7 : 1);
  }
  waitpid(child, &status, 0);
  say("kernel wrote for %d, ours is %d", WEXITSTATUS(status), memory[0]);
  close(ends[0]);
  close(ends[1]);
  munmap(memory, 64 * PAGE);
}

static void heap(void) {
  char *start = (char *)syscall(SYS_brk, 0);
  char *grown = (char *)syscall(SYS_brk, start + 10 * PAGE);
  say("grown %d, at the end %s, behind it %s", grown - start == 10 * PAGE, probe(grown - 1),
      probe((char *)(((uintptr_t)grown + PAGE - 1) & ~(uintptr_t)(PAGE - 1))));
  grown[-1] = 5;
  say("answers where it is: %d", (char *)syscall(SYS_brk, 1) == grown);
  syscall(SYS_brk, start + PAGE);
  syscall(SYS_brk, grown);
  say("shrunk and grown again: %d", grown[-1]);
  void *blocks[200];
  int right = 1;
  for (int i = 0; i < 200; i++) {
    blocks[i] = malloc(i * 97 + 1);
    memset(blocks[i], i, i * 97 + 1);
  }
  for (int i = 0; i < 200; i += 2) free(blocks[i]);
  for (int i = 1; i < 200; i += 2) {
    for (int j = 0; j < i * 97 + 1; j++) right &= ((unsigned char *)blocks[i])[j] == i;
    free(blocks[i]);
  }
  say("malloc: %d", right);
}

static void advice(void) {
  char *memory = anywhere(4 * PAGE, PROT_READ | PROT_WRITE, 0);
  memset(memory, 5, 4 * PAGE);
  answer("not needed", madvise(memory + PAGE, 2 * PAGE, MADV_DONTNEED));
  say("%d %d %d %d", memory[0], memory[PAGE], memory[2 * PAGE], memory[3 * PAGE]);
  answer("sequential", madvise(memory, 4 * PAGE, MADV_SEQUENTIAL));
  answer("no such advice", madvise(memory, PAGE, 1234));
  munmap(memory, 4 * PAGE);
}

static void system_calls_at_edges(void) {
  char *memory = anywhere(2 * PAGE, PROT_READ | PROT_WRITE, 0);
  munmap(memory + PAGE, PAGE);
  int ends[2];
  if (pipe(ends) != 0) return;
  memset(memory + PAGE - 8, 'q', 8);
  answer("write to the edge", write(ends[1], memory + PAGE - 8, 8));
  answer("write across it", write(ends[1], memory + PAGE - 8, 9));
  char byte[64];
  answer("then read", read(ends[0], byte, sizeof byte));
  answer("a time across it", syscall(SYS_nanosleep, memory + PAGE - 4, NULL));
  answer("a name across it", open(memory + PAGE - 8, O_RDONLY));
  close(ends[0]);
  close(ends[1]);
  munmap(memory, PAGE);
}

static const struct section sections[] = {
    {"anonymous", anonymous}, {"refusals", refusals}, {"protection", protection}, {"code", code},
    {"moving", moving},       {"files", files},       {"copies", copies},
    {"heap", heap},           {"advice", advice},     {"edges", system_calls_at_edges}, {NULL, NULL},
};

int main(int argc, char **argv) {
  handle(SIGSEGV, 0, leave);
  handle(SIGBUS, 0, leave);
  return run_sections(sections, argc, argv);
}
