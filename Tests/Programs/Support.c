// What the programs of this suite have in common: see Support.h.

#include "Support.h"

#include <stdarg.h>

void say(const char *format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof line - 2) length = sizeof line - 2;
  line[length++] = '\n';
  if (write(1, line, length) != length) _exit(99);
}

void answer(const char *name, long result) {
  if (result == -1) {
    say("%s: %s", name, strerror(errno));
  } else {
    say("%s: %ld", name, result);
  }
}

void tell_status(const char *name, int status) {
  if (WIFEXITED(status)) {
    say("%s: left with %d", name, WEXITSTATUS(status));
  } else if (WIFSIGNALED(status)) {
    say("%s: ended by %s", name, strsignal(WTERMSIG(status)));
  } else if (WIFSTOPPED(status)) {
    say("%s: stopped by %s", name, strsignal(WSTOPSIG(status)));
  } else {
    say("%s: goes on", name);
  }
}

void in_child(const char *name, void (*body)(void)) {
  pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  tell_status(name, status);
}

int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

void nap(int milliseconds) {
  struct timespec rest = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  while (nanosleep(&rest, &rest) < 0 && errno == EINTR) {}
}

void handle(int signal, int flags, void (*handler)(int, siginfo_t *, void *)) {
  struct sigaction action = {0};
  action.sa_sigaction = handler;
  action.sa_flags = flags | SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  if (sigaction(signal, &action, NULL) != 0) say("sigaction: %s", strerror(errno));
}

void *shared_memory(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    say("no shared memory: %s", strerror(errno));
    _exit(98);
  }
  return memory;
}

int run_sections(const struct section *sections, int argc, char **argv) {
  for (; sections->name; sections++) {
    if (argc > 1 && strcmp(argv[1], sections->name) != 0) continue;
    say("== %s", sections->name);
    sections->body();
  }
  say("== end");
  return 0;
}
