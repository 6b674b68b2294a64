// Processes: how they begin, pass things on, and are waited for.

#include "Support.h"

#include <poll.h>
#include <spawn.h>

extern char **environ;

// MARK: Families

static int tree(int levels) {
  if (levels == 0) return 1;
  int sum = 0, status;
  pid_t children[3];
  for (int i = 0; i < 3; i++) {
    children[i] = fork();
    if (children[i] == 0) _exit(tree(levels - 1));
  }
  for (int i = 0; i < 3; i++) {
    if (waitpid(children[i], &status, 0) != children[i]) return 255;
    sum += WEXITSTATUS(status);
  }
  return sum;
}

static void trees(void) {
  say("leaves: %d", tree(4));
  answer("nobody left", wait(NULL));
}

static void many(void) {
  int good = 0, status;
  for (int i = 0; i < 150; i++) {
    pid_t child = fork();
    if (child == 0) _exit(i & 127);
    good += waitpid(child, &status, 0) == child && WEXITSTATUS(status) == (i & 127);
  }
  say("one after the other: %d", good);
  pid_t children[40];
  for (int i = 0; i < 40; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      nap(i % 5);
      _exit(i);
    }
  }
  long sum = 0;
  for (int i = 0; i < 40; i++) {
    waitpid(-1, &status, 0);
    sum += WEXITSTATUS(status);
  }
  say("at once: %ld", sum);
}

static void orphans(void) {
  int ends[2];
  char text[8] = "";
  if (pipe(ends) != 0) return;
  if (fork() == 0) {
    pid_t middle = getpid();
    if (fork() == 0) {
      while (getppid() == middle) nap(1);
      if (write(ends[1], "adopted", 8) != 8) _exit(1);
      _exit(0);
    }
    _exit(0);
  }
  wait(NULL);
  long count = read(ends[0], text, sizeof text);
  say("%ld bytes: %s", count, text);
  close(ends[0]);
  close(ends[1]);
}

static void groups(void) {
  int status;
  pid_t first = fork();
  if (first == 0) {
    setpgid(0, 0);
    for (;;) pause();
  }
  setpgid(first, first);
  pid_t second = fork();
  if (second == 0) {
    setpgid(0, first);
    for (;;) pause();
  }
  setpgid(second, first);
  say("in one group: %d %d", getpgid(first) == first, getpgid(second) == first);
  answer("none of ours", waitpid(0, &status, WNOHANG));
  answer("of that group", waitpid(-first, &status, WNOHANG));
  nap(5);
  answer("all of it", kill(-first, SIGHUP));
  for (int i = 0; i < 2; i++) {
    int found = waitpid(-first, &status, 0) > 0;
    tell_status(found ? "one" : "none", status);
  }
  answer("nobody there", kill(-first, SIGHUP));
  pid_t child = fork();
  if (child == 0) {
    pid_t session = setsid();
    say("a session of its own: %d %d", session == getpid(), getsid(0) == getpid() && getpgrp() == getpid());
    answer("not twice", setsid());
    _exit(0);
  }
  waitpid(child, &status, 0);
}

// MARK: Waiting

static void waiting(void) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    nap(20);
    _exit(300);
  }
  answer("not yet", waitpid(child, &status, WNOHANG));
  siginfo_t information = {0};
  answer("waitid, left where it is", waitid(P_PID, child, &information, WEXITED | WNOWAIT));
  say("code %d, status %d", information.si_code, information.si_status);
  struct rusage usage;
  say("wait4: %d", wait4(child, &status, 0, &usage) == child);
  tell_status("child", status);
  answer("again", waitpid(child, &status, 0));
  answer("a bad option", waitpid(-1, &status, 0x10000));
  signal(SIGCHLD, SIG_IGN);
  child = fork();
  if (child == 0) _exit(4);
  answer("nobody waits for it", waitpid(child, &status, 0));
  signal(SIGCHLD, SIG_DFL);
}

// MARK: Other programs

static void borrow(void) {
  static volatile int seen;
  pid_t child = vfork();
  if (child == 0) {
    seen = 5;
    _exit(6);
  }
  int status;
  waitpid(child, &status, 0);
  say("vfork: the child has set ours to %d", seen);
  tell_status("child", status);
  char *arguments[] = {"processes", "show", "one", "two words", "", NULL};
  char *environment[] = {"A=1", "B=zwei", NULL};
  if (fork() == 0) {
    execve("/proc/self/exe", arguments, environment);
    _exit(1);
  }
  wait(&status);
  tell_status("run", status);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  int ends[2];
  if (pipe(ends) != 0) return;
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  int result = posix_spawn(&child, "/proc/self/exe", &actions, NULL, arguments, environ);
  close(ends[1]);
  char text[400];
  int length = 0, count;
  while ((count = read(ends[0], text + length, sizeof text - length)) > 0) length += count;
  close(ends[0]);
  waitpid(child, &status, 0);
  int lines = 0;
  for (int i = 0; i < length; i++) lines += text[i] == '\n';
  say("spawned: %d, at least four lines %d", result, lines >= 4);
  tell_status("spawned", status);
  answer("no such program", execl("/no/such/program", "x", NULL));
  answer("a folder", execl("/tmp", "x", NULL));
  char name[] = "/tmp/processes-XXXXXX";
  int file = mkstemp(name);
  if (write(file, "\177ELF and then nothing of sense", 30) != 30) return;
  fchmod(file, 0755);
  close(file);
  answer("no sense in it", execl(name, "x", NULL));
  unlink(name);
}

static void descriptors(void) {
  int kept = dup(1), closed = fcntl(1, F_DUPFD_CLOEXEC, 20), status;
  char first[8], second[8];
  snprintf(first, sizeof first, "%d", kept);
  snprintf(second, sizeof second, "%d", closed);
  if (fork() == 0) {
    execl("/proc/self/exe", "processes", "open", first, second, NULL);
    _exit(1);
  }
  wait(&status);
  close(kept);
  close(closed);
}

// MARK: Pipes

static void pipes(void) {
  int in[2], back[2], status;
  if (pipe(in) != 0 || pipe(back) != 0) return;
  pid_t child = fork();
  if (child == 0) {
    close(in[1]);
    close(back[0]);
    char byte;
    while (read(in[0], &byte, 1) == 1) {
      byte++;
      if (write(back[1], &byte, 1) != 1) _exit(1);
    }
    _exit(0);
  }
  close(in[0]);
  close(back[1]);
  int good = 0;
  for (int i = 0; i < 1000; i++) {
    char byte = i & 63;
    if (write(in[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1) good += byte == (i & 63) + 1;
  }
  close(in[1]);
  waitpid(child, &status, 0);
  char byte;
  say("round trips: %d", good);
  answer("then the end", read(back[0], &byte, 1));
  close(back[0]);
  if (pipe2(in, O_NONBLOCK) != 0) return;
  answer("empty", read(in[0], &byte, 1));
  char block[4096];
  memset(block, 'x', sizeof block);
  long written = 0, count;
  while ((count = write(in[1], block, sizeof block)) > 0) written += count;
  say("full: %s, %ld", strerror(errno), written);
  struct pollfd poll_for = {in[1], POLLOUT, 0};
  answer("room", poll(&poll_for, 1, 0));
  count = 0;
  for (int i = 0; i < 16; i++) count += read(in[0], block, sizeof block);
  say("read again %ld, all right %d", count, block[0] == 'x' && block[4095] == 'x');
  close(in[0]);
  close(in[1]);
}

static void pipeline(void) {
  // Five processes in a row, each adds one to every byte.
  int first[2], previous;
  if (pipe(first) != 0) return;
  previous = first[0];
  for (int i = 0; i < 5; i++) {
    int next[2];
    if (pipe(next) != 0) return;
    if (fork() == 0) {
      close(first[1]);
      close(next[0]);
      unsigned char block[1000];
      long count;
      while ((count = read(previous, block, sizeof block)) > 0) {
        for (long j = 0; j < count; j++) block[j]++;
        for (long done = 0; done < count;) done += write(next[1], block + done, count - done);
      }
      _exit(0);
    }
    close(previous);
    close(next[1]);
    previous = next[0];
  }
  if (fork() == 0) {
    unsigned char block[777];
    memset(block, 10, sizeof block);
    for (int i = 0; i < 300; i++) {
      for (unsigned done = 0; done < sizeof block;) done += write(first[1], block + done, sizeof block - done);
    }
    _exit(0);
  }
  close(first[1]);
  long total = 0, wrong = 0, count;
  unsigned char block[4096];
  while ((count = read(previous, block, sizeof block)) > 0) {
    total += count;
    for (long i = 0; i < count; i++) wrong += block[i] != 15;
  }
  int children = 0;
  while (wait(NULL) > 0) children++;
  say("%ld bytes, wrong %ld, processes %d", total, wrong, children);
  close(previous);
}

// MARK: What a child shares and what not

static void sharing(void) {
  char name[] = "/tmp/processes-XXXXXX";
  int file = mkstemp(name), status;
  unlink(name);
  volatile int own = 1;
  int *common = shared_memory(PAGE);
  if (write(file, "0123456789", 10) != 10) return;
  lseek(file, 2, SEEK_SET);
  if (fork() == 0) {
    char byte;
    own = 2;
    *common = 3;
    if (read(file, &byte, 1) != 1) _exit(1);
    if (chdir("/tmp") != 0) _exit(2);
    close(0);
    _exit(byte);
  }
  wait(&status);
  char byte;
  if (read(file, &byte, 1) != 1) return;
  say("child read %c, we read %c, own %d, common %d", WEXITSTATUS(status), byte, own, *common);
  say("input still open: %d", fcntl(0, F_GETFD) >= 0);
  close(file);
}

static const struct section sections[] = {
    {"trees", trees},       {"many", many},         {"orphans", orphans},
    {"groups", groups},     {"waiting", waiting},   {"other programs", borrow},
    {"descriptors", descriptors}, {"pipes", pipes}, {"pipeline", pipeline},
    {"sharing", sharing},   {NULL, NULL},
};

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "show") == 0) {
    for (int i = 0; i < argc; i++) say("argument %d: %s", i, argv[i]);
    for (int i = 0; environ[i] && i < 2; i++) say("environment: %s", environ[i]);
    return argc;
  }
  if (argc > 1 && strcmp(argv[1], "open") == 0) {
    for (int i = 2; i < argc; i++) say("descriptor open: %d", fcntl(atoi(argv[i]), F_GETFD) >= 0);
    return 0;
  }
  return run_sections(sections, argc, argv);
}
