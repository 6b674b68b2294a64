// Files that are mapped and shared: what one writes there, all others see, also those that read the file.

#include "Support.h"

static sigjmp_buf out;

static void leave(int signal, siginfo_t *information, void *context) {
  (void)context;
  siglongjmp(out, signal == SIGBUS && information->si_code == BUS_ADRERR ? 1 : 2);
}

/// What comes of reading a byte: its value, or how it ended.
static const char *look(volatile char *place) {
  static char found[16];
  int how = sigsetjmp(out, 1);
  if (how != 0) return how == 1 ? "SIGBUS" : "SIGSEGV";
  snprintf(found, sizeof found, "%d", *place);
  return found;
}

static int make(const char *name, int size) {
  int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (file < 0) say("%s: %s", name, strerror(errno));
  if (ftruncate(file, size) != 0) say("%s: %s", name, strerror(errno));
  return file;
}

static char *share(int file, int pages, int protection) {
  return mmap(NULL, pages * PAGE, protection, MAP_SHARED, file, 0);
}

static void written(void) {
  int file = make("shared", 3 * PAGE);
  char *first = share(file, 3, PROT_READ | PROT_WRITE);
  char *second = share(file, 3, PROT_READ);
  say("mapped %d %d", first != MAP_FAILED, second != MAP_FAILED);
  strcpy(first + PAGE - 3, "across");
  char text[8] = "";
  say("read: %zd %s", pread(file, text, 7, PAGE - 3), text);
  say("seen: %s, %s", second + PAGE - 3, look(second + 2 * PAGE));
  say("written: %zd", pwrite(file, "file", 5, 2 * PAGE));
  say("seen: %s %s", first + 2 * PAGE, second + 2 * PAGE);
  answer("msync", msync(first, 3 * PAGE, MS_SYNC));
  answer("msync", msync(first, 3 * PAGE, MS_ASYNC | MS_INVALIDATE));
  answer("both", msync(first, 3 * PAGE, MS_SYNC | MS_ASYNC));
  answer("odd", msync(first + 1, PAGE, MS_SYNC));
  first[0] = 77;
  say("after it: %d", second[0]);
  munmap(first, 3 * PAGE);
  answer("nothing there", msync(first, PAGE, MS_SYNC));
  say("still seen: %d", second[0]);
  munmap(second, 3 * PAGE);
  close(file);
  file = open("shared", O_RDONLY);
  char byte = 0;
  say("in the file: %zd %d", read(file, &byte, 1), byte);
  struct stat status;
  fstat(file, &status);
  say("size %d", (int)status.st_size);
  close(file);
}

static void refused(void) {
  int file = make("refused", PAGE);
  int reader = open("refused", O_RDONLY), writer = open("refused", O_WRONLY);
  char *place = share(reader, 1, PROT_READ | PROT_WRITE);
  say("to read only: %s", place == MAP_FAILED ? strerror(errno) : "mapped");
  place = share(writer, 1, PROT_READ);
  say("to write only: %s", place == MAP_FAILED ? strerror(errno) : "mapped");
  place = share(reader, 1, PROT_READ);
  say("read: %s", look(place));
  answer("to be written after all", mprotect(place, PAGE, PROT_READ | PROT_WRITE));
  char *other = share(file, 1, PROT_NONE);
  say("nothing allowed: %s", look(other));
  answer("allowed", mprotect(other, PAGE, PROT_READ | PROT_WRITE));
  other[5] = 55;
  say("both: %s %s", look(other + 5), look(place + 5));
  answer("pipe", pipe((int[2]){0, 0}));
  munmap(place, PAGE);
  munmap(other, PAGE);
}

static void families(void) {
  int file = make("family", 2 * PAGE);
  char *memory = share(file, 2, PROT_READ | PROT_WRITE);
  char *copy = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  copy[0] = 9;
  pid_t child = fork();
  if (child == 0) {
    memory[0] = 1;
    memory[PAGE] = 2;
    copy[0] = 8;
    _exit(0);
  }
  waitpid(child, NULL, 0);
  say("the child's: %d %d, mine: %d", memory[0], memory[PAGE], copy[0]);
  // The name goes, the file stays as long as somebody shows it.
  unlink("family");
  close(file);
  child = fork();
  if (child == 0) {
    memory[1] += 3;
    _exit(0);
  }
  waitpid(child, NULL, 0);
  say("without a name: %d %d", memory[0], memory[1]);
  char *moved = mremap(memory, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
  say("moved: %d %d, behind the end: %s", moved[1], moved[PAGE], look(moved + 2 * PAGE));
  munmap(moved, 4 * PAGE);
}

static void cut(void) {
  int file = make("cut", 3 * PAGE + 100);
  char *memory = share(file, 5, PROT_READ | PROT_WRITE);
  memset(memory, 1, 3 * PAGE + 100);
  // The rest of the last page is there, but not in the file.
  memory[3 * PAGE + 200] = 5;
  say("behind the end: %s, a page further: %s", look(memory + 3 * PAGE + 99), look(memory + 4 * PAGE));
  answer("longer", ftruncate(file, 4 * PAGE));
  say("what was behind the end: %s", look(memory + 3 * PAGE + 200));
  answer("shorter", ftruncate(file, PAGE + 10));
  say("pages: %s %s %s %s", look(memory), look(memory + PAGE), look(memory + 2 * PAGE), look(memory + 3 * PAGE));
  say("cut off: %s", look(memory + PAGE + 10));
  // Other files that get the blocks are not written by it.
  int other = make("other", 0);
  char block[PAGE];
  memset(block, 7, PAGE);
  for (int i = 0; i < 8; i++) (void)!write(other, block, PAGE);
  say("gone: %s", look(memory + 2 * PAGE));
  answer("longer", ftruncate(file, 3 * PAGE));
  say("new: %s %s", look(memory + PAGE + 10), look(memory + 2 * PAGE));
  close(open("cut", O_RDWR | O_TRUNC));
  say("empty: %s", look(memory));
  char text[4] = "";
  say("written: %zd, seen %s", pwrite(file, "abc", 3, 0), look(memory + 1));
  say("other: %zd %d", pread(other, text, 1, 3 * PAGE), text[0]);
  // In a call it is an error.
  answer("a call that reads there", pwrite(other, memory + PAGE, 4, 0));
  munmap(memory, 5 * PAGE);
}

static void times(void) {
  int file = make("times", PAGE);
  char *memory = share(file, 1, PROT_READ | PROT_WRITE);
  struct timespec past[2] = {{1000, 0}, {1000, 0}};
  futimens(file, past);
  struct stat status;
  fstat(file, &status);
  say("as set: %d", status.st_mtime == 1000);
  memory[0] = 1;
  msync(memory, PAGE, MS_SYNC);
  fstat(file, &status);
  say("modified: %d", status.st_mtime > 1000);
}

/// A word in a file is a word for all who share it.
static void words(void) {
  int file = make("word", PAGE);
  int *here = (int *)share(file, 1, PROT_READ | PROT_WRITE);
  pid_t child = fork();
  if (child == 0) {
    int *there = (int *)share(file, 1, PROT_READ | PROT_WRITE);
    while (__atomic_load_n(&there[1], __ATOMIC_SEQ_CST) == 0) sched_yield();
    // Until the other sleeps.
    while (syscall(SYS_futex, there, 1, 1) == 0) sched_yield();
    _exit(0);
  }
  __atomic_store_n(&here[1], 1, __ATOMIC_SEQ_CST);
  answer("woken", syscall(SYS_futex, here, 0, 0, NULL));
  waitpid(child, NULL, 0);
}

static void holes(void) {
  int file = make("holes", 64 * PAGE);
  char *memory = share(file, 64, PROT_READ | PROT_WRITE);
  long sum = 0;
  for (int i = 0; i < 64 * PAGE; i += 64) sum += memory[i];
  for (int i = 0; i < 64; i += 7) memory[i * PAGE + i] = i + 1;
  say("zeros %d", sum == 0);
  long read_back = 0;
  char block[PAGE];
  for (int i = 0; i < 64; i++) {
    if (pread(file, block, PAGE, i * PAGE) != PAGE) say("short");
    read_back += block[i];
  }
  say("sum %ld", read_back);
}

int main(int argc, char **argv) {
  handle(SIGBUS, 0, leave);
  handle(SIGSEGV, 0, leave);
  static const struct section sections[] = {
      {"written", written}, {"refused", refused}, {"families", families}, {"cut", cut},
      {"times", times},     {"words", words},     {"holes", holes},       {0, 0},
  };
  return run_sections(sections, argc, argv);
}
