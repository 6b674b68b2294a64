// Waiting for several files: poll, select and those of their kin that change the mask of signals.

#include "Support.h"

#include <poll.h>
#include <sys/select.h>
#include <sys/uio.h>

static int ends[2];

static void note(int signal, siginfo_t *information, void *context) {
  (void)signal;
  (void)information;
  (void)context;
}

static pid_t later(int milliseconds, void (*body)(void)) {
  pid_t child = fork();
  if (child == 0) {
    nap(milliseconds);
    body();
    _exit(0);
  }
  return child;
}

static void write_one(void) {
  if (write(ends[1], "x", 1) != 1) _exit(1);
}

static void polls(void) {
  if (pipe(ends) != 0) return;
  struct pollfd files[3] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {-1, POLLIN, 0}};
  answer("room to write", poll(files, 3, 0));
  say("events %x %x %x", files[0].revents, files[1].revents, files[2].revents);
  int64_t start = now();
  answer("nothing to read", poll(files, 1, 20));
  say("not early %d", now() - start >= 20000000);
  pid_t child = later(20, write_one);
  answer("something comes", poll(files, 1, 10000));
  say("events %x", files[0].revents);
  waitpid(child, NULL, 0);
  char byte;
  if (read(ends[0], &byte, 1) != 1) return;
  files[2].fd = 77;
  answer("no such descriptor", poll(files + 2, 1, 0));
  say("events %x", files[2].revents);
  close(ends[1]);
  answer("the other end is closed", poll(files, 1, 1000));
  say("events %x", files[0].revents);
  close(ends[0]);
  if (pipe(ends) != 0) return;
  close(ends[0]);
  files[1].fd = ends[1];
  answer("nobody reads", poll(files + 1, 1, 0));
  say("events %x", files[1].revents);
  close(ends[1]);
  answer("nowhere", syscall(SYS_poll, 16, 1, 0));
  answer("none at all", poll(NULL, 0, 5));
}

static void selects(void) {
  if (pipe(ends) != 0) return;
  fd_set in, out;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_SET(ends[0], &in);
  FD_SET(ends[1], &out);
  struct timeval limit = {0, 20000};
  answer("room to write", select(ends[1] + 1, &in, &out, NULL, &limit));
  say("in %d, out %d", FD_ISSET(ends[0], &in), FD_ISSET(ends[1], &out));
  FD_SET(ends[0], &in);
  answer("nothing to read", select(ends[0] + 1, &in, NULL, NULL, &limit));
  say("in %d", FD_ISSET(ends[0], &in));
  FD_SET(ends[0], &in);
  pid_t child = later(20, write_one);
  answer("something comes", select(ends[0] + 1, &in, NULL, NULL, NULL));
  say("in %d", FD_ISSET(ends[0], &in));
  waitpid(child, NULL, 0);
  FD_ZERO(&in);
  FD_SET(60, &in);
  answer("no such descriptor", select(61, &in, NULL, NULL, &limit));
  answer("a bad number", select(-1, NULL, NULL, NULL, &limit));
  close(ends[0]);
  close(ends[1]);
}

static void interrupted(void) {
  if (pipe(ends) != 0) return;
  handle(SIGALRM, SA_RESTART, note);
  struct itimerval soon = {{0, 0}, {0, 20000}};
  struct pollfd file = {ends[0], POLLIN, 0};
  setitimer(ITIMER_REAL, &soon, NULL);
  answer("poll", poll(&file, 1, 10000));
  fd_set in;
  FD_ZERO(&in);
  FD_SET(ends[0], &in);
  setitimer(ITIMER_REAL, &soon, NULL);
  answer("select", select(ends[0] + 1, &in, NULL, NULL, NULL));
  close(ends[0]);
  close(ends[1]);
}

static void masks(void) {
  if (pipe(ends) != 0) return;
  sigset_t blocked, none, now;
  sigemptyset(&none);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  handle(SIGUSR1, 0, note);
  struct pollfd file = {ends[0], POLLIN, 0};
  struct timespec limit = {0, 10000000};
  raise(SIGUSR1);
  answer("blocked, it waits", ppoll(&file, 1, &limit, NULL));
  answer("let in", ppoll(&file, 1, NULL, &none));
  sigprocmask(SIG_BLOCK, NULL, &now);
  say("blocked again %d", sigismember(&now, SIGUSR1));
  raise(SIGUSR1);
  fd_set in;
  FD_ZERO(&in);
  FD_SET(ends[0], &in);
  answer("pselect lets it in", pselect(ends[0] + 1, &in, NULL, NULL, NULL, &none));
  if (write(ends[1], "x", 1) != 1) return;
  answer("what is there comes first", ppoll(&file, 1, NULL, &none));
  close(ends[0]);
  close(ends[1]);
}

static void vectors(void) {
  if (pipe(ends) != 0) return;
  char first[4] = "", second[8] = "";
  struct iovec out[3] = {{"ab", 2}, {"", 0}, {"cdefg", 5}}, in[2] = {{first, 3}, {second, 7}};
  answer("writev", writev(ends[1], out, 3));
  answer("readv", readv(ends[0], in, 2));
  say("%s %s", first, second);
  answer("too many", writev(ends[1], out, 2000));
  close(ends[0]);
  close(ends[1]);
}

static const struct section sections[] = {
    {"poll", polls},   {"select", selects},   {"interrupted", interrupted},
    {"masks", masks},  {"vectors", vectors},  {NULL, NULL},
};

int main(int argc, char **argv) { return run_sections(sections, argc, argv); }
