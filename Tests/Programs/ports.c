// Call and reply between programs, which are Apus's own calls: what works, what is refused, and what happens when either
// side dies. Linux has none of it, so the transcript is not compared; the last line says that all checks have passed.
#include "Support.h"

enum { OPEN = 1024, CLOSE, CALL, RECEIVE, REPLY, TIMED_CALL, AREA };

static long ask(long number, unsigned long a, const void *b, unsigned long c, void *d, unsigned long e, long f) {
#ifdef __x86_64__
  long result;
  register unsigned long r10 __asm__("r10") = (unsigned long)d;
  register unsigned long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8), "+r"(r9)
                   : "a"(number)
                   : "rcx", "r11", "memory");
  return result;
#else
  if (number == TIMED_CALL) {
    long result = syscall(number, a, b, c, d, e, f);
    return result == -1 ? -errno : result;
  }
  long result;
  unsigned long second = (unsigned long)b, third = c;
  __asm__ volatile("int $0x80" : "=a"(result), "+c"(second), "+d"(third) : "a"(number), "b"(a), "S"(d), "D"(e) : "memory");
  if (second != (unsigned long)b || third != c) say("registers were changed");
  return result;
#endif
}

static volatile long *shared;  // the port's number, and whether a server that is asked to wait may go on

static void expect(const char *what, long got, long wanted) {
  if (got == wanted) return;
  say("%s: %ld, not %ld", what, got, wanted);
  exit(1);
}

// Memory for messages that the kernel has too.
static char *message_area(void) {
  char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  expect("an area", ask(AREA, (unsigned long)page + 64 - sizeof(long), 0, 0, 0, 0, 0), 0);
  return page + 64;
}

// Answers with the message backwards and the number of its bytes; a message that begins with 'x' ends the server, one
// with 's' is answered when its sender allows it.
static void serve(int lifetime, int has_area) {
  char usual[64], *in = has_area ? message_area() : usual, out[64];
  long port = ask(OPEN, 0, 0, 0, 0, 0, 0);
  shared[0] = port;
  long got = ask(RECEIVE, port, 0, 0, in, 64, 0);
  while (got >= 0) {
    long bytes = got & 0xFF;
    if (got >> 8 != getppid()) _exit(2);
    if (bytes > 0 && in[0] == 'x') _exit(3);
    if (bytes > 0 && in[0] == 's')
      while (shared[1] == 0) sched_yield();
    for (long i = 0; i < bytes; i++) out[i] = in[bytes - 1 - i];
    if (has_area) memcpy(in, out, sizeof out);
    if (lifetime-- == 0) got = ask(RECEIVE, port, 0, 0, in, 64, 0);  // gives the call up
    else got = ask(REPLY, port, has_area ? in : out, bytes, in, 64, 0);
  }
  _exit(4);
}

static pid_t begin_with(int lifetime, int has_area) {
  shared[0] = 0;
  pid_t child = fork();
  if (child == 0) serve(lifetime, has_area);
  while (shared[0] == 0) sched_yield();
  return child;
}

static pid_t begin(int lifetime) { return begin_with(lifetime, 0); }

static void end(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, 0, 0);
}

static void on_signal(int number) { (void)number; }

// All lengths, from memory that the kernel has too, to a server that has or has not such memory; then a signal, its end.
static void check_area(int server_has) {
  pid_t child = begin_with(1000000, server_has);
  unsigned long port = (unsigned long)shared[0];
  char *area = message_area();
  for (int round = 0; round < 3; round++)
    for (unsigned long bytes = 0; bytes <= 64; bytes++) {
      char sent[64];
      for (unsigned long i = 0; i < 64; i++) sent[i] = area[i] = (char)('a' + (i + bytes + (unsigned)round) % 13);
      expect("call", ask(CALL, port, area, bytes, area, 64, 0), (long)bytes);
      for (unsigned long i = 0; i < bytes; i++) expect("byte", area[i], sent[bytes - 1 - i]);
    }
  // The message elsewhere, the reply elsewhere, too long.
  char other[64] = "bcd";
  expect("from elsewhere", ask(CALL, port, other, 3, area, 64, 0), 3);
  expect("backwards", memcmp(area, "dcb", 3), 0);
  expect("to elsewhere", ask(CALL, port, area, 3, other, 64, 0), 3);
  expect("forwards", memcmp(other, "bcd", 3), 0);
  expect("too long", ask(CALL, port, area, 65, area, 64, 0), -EMSGSIZE);
  // A child has no such memory, though it has the page.
  int status;
  if (fork() == 0) _exit(ask(CALL, port + 1, area, 8, area, 64, 0) == -EBADF ? 0 : 1);
  wait(&status);
  expect("a child", status, 0);
  struct itimerval soon = {.it_value.tv_usec = 20000};
  setitimer(ITIMER_REAL, &soon, 0);
  area[0] = 's';
  shared[1] = 0;
  expect("a signal", ask(CALL, port, area, 1, area, 64, 0), -EINTR);
  shared[1] = 1;
  area[0] = 'a';
  expect("after it", ask(CALL, port, area, 1, area, 64, 0), 1);
  // The kernel holds the page that is no longer mapped here.
  munmap(area - 64, 4096);
  expect("without the page", ask(CALL, port, area, 0, area, 0, 0), 0);
  expect("no area", ask(AREA, 0, 0, 0, 0, 0, 0), 0);
  expect("no page", ask(CALL, port, area, 1, area, 64, 0), -EFAULT);
  area = message_area();
  area[0] = 'x';
  expect("the server's end", ask(CALL, port, area, 1, area, 64, 0), -EPIPE);
  waitpid(child, 0, 0);
  expect("afterwards", ask(CALL, port, area, 1, area, 64, 0), -EBADF);
  char *page = area - 64;
  expect("half a word", ask(AREA, (unsigned long)page + 1, 0, 0, 0, 0, 0), -EINVAL);
  expect("two pages", ask(AREA, (unsigned long)page + 4096 - 64, 0, 0, 0, 0, 0), -EINVAL);
  expect("a variable", ask(AREA, (unsigned long)other & ~7ul, 0, 0, 0, 0, 0), -EINVAL);
  expect("nothing", ask(AREA, 4096, 0, 0, 0, 0, 0), -EINVAL);
  expect("the kernel's", ask(AREA, ~4095ul, 0, 0, 0, 0, 0), -EINVAL);
  mprotect(page, 4096, PROT_READ);
  expect("read only", ask(AREA, (unsigned long)page, 0, 0, 0, 0, 0), -EFAULT);
  munmap(page, 4096);
}

int main(void) {
  shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char out[80], in[80];
  pid_t child = begin(1000000);
  unsigned long port = (unsigned long)shared[0];
  for (unsigned long bytes = 0; bytes <= 64; bytes++) {
    for (unsigned long i = 0; i < bytes; i++) out[i] = (char)('a' + (i + bytes) % 13);
    memset(in, '-', sizeof in);
    expect("call", ask(CALL, port, out, bytes, in, 64, 0), (long)bytes);
    for (unsigned long i = 0; i < bytes; i++) expect("byte", in[i], out[bytes - 1 - i]);
    expect("beyond", in[bytes], '-');
  }
  // Less room than the reply has bytes: the rest is cut off, and its length is told.
  memset(in, '-', sizeof in);
  memcpy(out, "abcdefgh", 8);
  expect("short room", ask(CALL, port, out, 8, in, 3, 0), 8);
  expect("cut off", memcmp(in, "hgf-", 4), 0);
  say("all lengths");
  // What is refused.
  expect("too long", ask(CALL, port, out, 65, in, 64, 0), -EMSGSIZE);
  expect("no such port", ask(CALL, port + 1, out, 8, in, 64, 0), -EBADF);
  expect("port 0", ask(CALL, 0, out, 8, in, 64, 0), -EBADF);
  expect("no port", ask(CALL, ~0ul, out, 8, in, 64, 0), -EBADF);
  expect("the server's part", ask(RECEIVE, port, 0, 0, in, 64, 0), -EBADF);
  expect("the server's reply", ask(REPLY, port, out, 8, in, 64, 0), -EBADF);
  expect("the server's end", ask(CLOSE, port, 0, 0, 0, 0, 0), -EBADF);
  expect("no page", ask(CALL, port, (void *)16, 8, in, 64, 0), -EFAULT);
  expect("the kernel's memory", ask(CALL, port, (void *)-4096, 8, in, 64, 0), -EFAULT);
  expect("no place for the reply", ask(CALL, port, out, 8, (void *)16, 64, 0), -EFAULT);
  expect("flags", ask(OPEN, 1, 0, 0, 0, 0, 0), -EINVAL);
  expect("still there", ask(CALL, port, out, 8, in, 64, 0), 8);
  say("refusals");
  // Time-outs and signals.
  out[0] = 's';
  shared[1] = 0;
  expect("time-out", ask(TIMED_CALL, port, out, 1, in, 64, 20), -ETIMEDOUT);
  shared[1] = 1;
  out[0] = 'a';
  expect("after it", ask(CALL, port, out, 1, in, 64, 0), 1);
  expect("its own reply", in[0], 'a');
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGALRM, &action, 0);
  struct itimerval soon = {.it_value.tv_usec = 20000};
  setitimer(ITIMER_REAL, &soon, 0);
  out[0] = 's';
  shared[1] = 0;
  expect("a signal", ask(CALL, port, out, 1, in, 64, 0), -EINTR);
  shared[1] = 1;
  out[0] = 'a';
  expect("after it", ask(CALL, port, out, 1, in, 64, 0), 1);
  say("waits");
  check_area(0);
  check_area(1);
  say("areas");
  // The server ends while a call is open, and while none is.
  out[0] = 'x';
  expect("the server's end", ask(CALL, port, out, 1, in, 64, 0), -EPIPE);
  waitpid(child, 0, 0);
  expect("afterwards", ask(CALL, port, out, 1, in, 64, 0), -EBADF);
  child = begin(1000000);
  expect("another number", (unsigned long)shared[0] != port, 1);
  end(child);
  expect("killed", ask(CALL, (unsigned long)shared[0], out, 1, in, 64, 0), -EBADF);
  child = begin(0);
  out[0] = 'a';
  expect("given up", ask(CALL, (unsigned long)shared[0], out, 1, in, 64, 0), -ECONNRESET);
  end(child);
  say("ends");
  // As many as one may have.
  long numbers[17];
  for (int i = 0; i < 17; i++) numbers[i] = ask(OPEN, 0, 0, 0, 0, 0, 0);
  expect("one too many", numbers[16], -EMFILE);
  for (int i = 0; i < 16; i++) expect("closing", ask(CLOSE, (unsigned long)numbers[i], 0, 0, 0, 0, 0), 0);
  expect("twice", ask(CLOSE, (unsigned long)numbers[0], 0, 0, 0, 0, 0), -EBADF);
  // Several callers at a time.
  child = begin(1000000);
  for (int i = 0; i < 4; i++)
    if (fork() == 0) {
      // The server knows its parent alone.
      long got = ask(CALL, (unsigned long)shared[0], out, 1, in, 64, 0);
      _exit(got == -EPIPE || got == -EBADF ? 0 : 1);
    }
  waitpid(child, 0, 0);
  int bad = 0, status;
  while (wait(&status) > 0) bad |= status != 0;
  expect("strangers", bad, 0);
  say("ports: all checked");
  return 0;
}
