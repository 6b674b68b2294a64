// Signals: sending, blocking, handling, and what a handler may do to the program that it has interrupted.

#include "Support.h"

static volatile sig_atomic_t taken[65], depth, deepest;
static siginfo_t last;
static char order[64];
static volatile int order_length;

static void note(int signal, siginfo_t *information, void *context) {
  (void)context;
  taken[signal]++;
  last = *information;
  if (order_length < 60) order[order_length++] = 'A' + signal % 26;
}

static void block(int how, int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(how, &set, NULL);
}

// MARK: Sending and blocking

static void sending(void) {
  handle(SIGUSR1, 0, note);
  raise(SIGUSR1);
  say("raised: taken %d, code %d, from us %d", taken[SIGUSR1], last.si_code, last.si_pid == getpid());
  kill(getpid(), SIGUSR1);
  say("killed: taken %d, code %d, user %d", taken[SIGUSR1], last.si_code, (int)last.si_uid == (int)getuid());
  block(SIG_BLOCK, SIGUSR1);
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGUSR1);
  sigset_t pending;
  sigpending(&pending);
  say("blocked: taken %d, pending %d", taken[SIGUSR1], sigismember(&pending, SIGUSR1));
  block(SIG_UNBLOCK, SIGUSR1);
  say("let in: taken %d", taken[SIGUSR1]);
  answer("to nobody", kill(0x3FFFFFF, SIGUSR1));
  answer("a bad number", kill(getpid(), 65));
  answer("none", kill(getpid(), 0));
  signal(SIGUSR1, SIG_IGN);
  raise(SIGUSR1);
  say("ignored: taken %d", taken[SIGUSR1]);
  struct sigaction action;
  sigaction(SIGUSR1, NULL, &action);
  say("the action is to ignore: %d", action.sa_handler == SIG_IGN);
  answer("the kill signal can't be caught", sigaction(SIGKILL, &action, NULL));
}

static void ordering(void) {
  sigset_t all, old;
  sigfillset(&all);
  handle(SIGUSR1, 0, note);
  handle(SIGUSR2, 0, note);
  handle(SIGHUP, 0, note);
  handle(SIGTERM, 0, note);
  order_length = 0;
  sigprocmask(SIG_BLOCK, &all, &old);
  raise(SIGTERM);
  raise(SIGUSR2);
  raise(SIGHUP);
  raise(SIGUSR1);
  // Frames are built one upon the other, so the last one runs first.
  sigprocmask(SIG_SETMASK, &old, NULL);
  order[order_length] = 0;
  say("ran in this order: %s", order);
}

static void queued(int signal, siginfo_t *information, void *context) {
  (void)context;
  say("queued %d: code %d, value %d", signal - SIGRTMIN, information->si_code, information->si_value.sival_int);
}

static void queueing(void) {
  handle(SIGRTMIN, 0, queued);
  handle(SIGRTMIN + 1, 0, queued);
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  sigaddset(&set, SIGRTMIN + 1);
  sigprocmask(SIG_BLOCK, &set, &old);
  for (int i = 1; i <= 3; i++) answer("sigqueue", sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}));
  siginfo_t information;
  int signal = sigwaitinfo(&set, &information);
  say("waited for %d: value %d", signal - SIGRTMIN, information.si_value.sival_int);
  sigprocmask(SIG_SETMASK, &old, NULL);
}

// MARK: Flags

static void nest(int signal, siginfo_t *information, void *context) {
  (void)information;
  (void)context;
  depth++;
  if (depth > deepest) deepest = depth;
  if (depth < 3 && taken[signal]++ < 5) raise(signal);
  depth--;
}

static void flags(void) {
  taken[SIGUSR1] = deepest = 0;
  handle(SIGUSR1, 0, nest);
  raise(SIGUSR1);
  say("blocked in its handler: depth %d, taken %d", deepest, taken[SIGUSR1]);
  taken[SIGUSR1] = deepest = 0;
  handle(SIGUSR1, SA_NODEFER, nest);
  raise(SIGUSR1);
  say("not blocked: depth %d, taken %d", deepest, taken[SIGUSR1]);
  taken[SIGUSR2] = 0;
  handle(SIGUSR2, SA_RESETHAND, note);
  raise(SIGUSR2);
  struct sigaction action;
  sigaction(SIGUSR2, NULL, &action);
  say("once: taken %d, default again %d", taken[SIGUSR2], action.sa_handler == SIG_DFL);
}

static char stack[65536] __attribute__((aligned(16)));
static volatile int on_stack, stack_flags, inner_on_stack;

static int is_on_stack(void *place) { return (char *)place >= stack && (char *)place < stack + sizeof stack; }

static void look_at_inner(int signal, siginfo_t *information, void *context) {
  (void)signal;
  (void)information;
  inner_on_stack = is_on_stack(&context);
}

static void look_at_stack(int signal, siginfo_t *information, void *context) {
  (void)signal;
  (void)information;
  (void)context;
  stack_t now;
  on_stack = is_on_stack(&now);
  sigaltstack(NULL, &now);
  stack_flags = now.ss_flags;
  stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  answer("changed while in use", sigaltstack(&other, NULL));
  handle(SIGUSR2, SA_ONSTACK, look_at_inner);
  raise(SIGUSR2);
}

static void alternate_stack(void) {
  stack_t new = {.ss_sp = stack, .ss_size = sizeof stack}, old;
  answer("set", sigaltstack(&new, &old));
  say("none before: %d", old.ss_flags == SS_DISABLE);
  handle(SIGUSR1, SA_ONSTACK, look_at_stack);
  raise(SIGUSR1);
  say("on it %d, says so %d, the inner one too %d", on_stack, stack_flags == SS_ONSTACK, inner_on_stack);
  new.ss_size = 100;
  answer("too small", sigaltstack(&new, NULL));
  new.ss_flags = SS_DISABLE;
  answer("disabled", sigaltstack(&new, NULL));
  handle(SIGUSR1, SA_ONSTACK, look_at_inner);
  raise(SIGUSR1);
  say("on it %d", inner_on_stack);
}

static sigjmp_buf out;

static void leave(int signal, siginfo_t *information, void *context) {
  (void)context;
  last = *information;
  siglongjmp(out, signal);
}

static __attribute__((noinline)) int overflow(volatile char *above) {
  volatile char frame[4096];
  frame[0] = above ? above[0] : 1;
  if (frame[0] == 0) return 0;
  return overflow(frame) + frame[0];
}

static void stack_overflow(void) {
  stack_t new = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&new, NULL);
  handle(SIGSEGV, SA_ONSTACK, leave);
  struct rlimit limit = {1 << 20, 8 << 20};
  setrlimit(RLIMIT_STACK, &limit);
  int signal = sigsetjmp(out, 1);
  if (signal == 0) overflow(NULL);
  say("the stack ended with: %s", strsignal(signal));
  signal = sigsetjmp(out, 1);
  if (signal == 0) overflow(NULL);
  say("and again: %s", strsignal(signal));
  new.ss_flags = SS_DISABLE;
  sigaltstack(&new, NULL);
}

static void overflow_unseen(void) {
  signal(SIGSEGV, SIG_DFL);
  overflow(NULL);
}

// MARK: What instructions raise

static void attempt(const char *name, void (*body)(void)) {
  int signal = sigsetjmp(out, 1);
  if (signal == 0) {
    body();
    say("%s: nothing", name);
  } else {
    say("%s: %s, code %d, address 16 %d", name, strsignal(signal), last.si_code, last.si_addr == (void *)16);
  }
}

static volatile int zero;
static char *read_only;

static void read_nowhere(void) { (void)*(volatile char *)16; }
static void write_read_only(void) { *read_only = 1; }
static void divide(void) {
  // By hand: the compiler knows that a division by zero has no meaning.
  int quotient = 1, rest = 0;
  __asm__ volatile("idivl %2" : "+a"(quotient), "+d"(rest) : "r"(zero));
}
static void unknown_instruction(void) { __builtin_trap(); }
static void breakpoint(void) { __asm__ volatile("int3"); }
static void halt(void) { __asm__ volatile("hlt"); }
static void execute_data(void) { ((void (*)(void))(uintptr_t)read_only)(); }

static void beyond_file(void) {
  char name[] = "/tmp/signals-XXXXXX";
  int file = mkstemp(name);
  if (ftruncate(file, 100) != 0) say("ftruncate: %s", strerror(errno));
  volatile char *memory = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  unlink(name);
  say("in the last page: %d", memory[200]);
  (void)memory[PAGE];
}

static void exceptions(void) {
  read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int kinds[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
  for (int i = 0; i < COUNT(kinds); i++) handle(kinds[i], 0, leave);
  attempt("reading nowhere", read_nowhere);
  attempt("writing what is read-only", write_read_only);
  attempt("dividing by zero", divide);
  attempt("an unknown instruction", unknown_instruction);
  attempt("a breakpoint", breakpoint);
  attempt("halting", halt);
  attempt("executing data", execute_data);
  attempt("beyond a file's end", beyond_file);
  for (int i = 0; i < COUNT(kinds); i++) signal(kinds[i], SIG_DFL);
  in_child("nobody catches it", read_nowhere);
  in_child("nobody catches that", divide);
}

static void blocked_fault(void) {
  block(SIG_BLOCK, SIGSEGV);
  handle(SIGSEGV, 0, note);
  read_nowhere();
}

static void ignored_fault(void) {
  signal(SIGSEGV, SIG_IGN);
  read_nowhere();
}

static void hidden_faults(void) {
  in_child("a blocked fault", blocked_fault);
  in_child("an ignored fault", ignored_fault);
  in_child("a stack that ends", overflow_unseen);
}

// MARK: Registers

static void skip(int signal, siginfo_t *information, void *context) {
  (void)signal;
  (void)information;
  ucontext_t *user = context;
#ifdef __i386__
  user->uc_mcontext.gregs[REG_EIP] += 2;
  user->uc_mcontext.gregs[REG_EAX] = 1234;
#else
  user->uc_mcontext.gregs[REG_RIP] += 2;
  user->uc_mcontext.gregs[REG_RAX] = 1234;
#endif
}

static void registers(void) {
  handle(SIGILL, 0, skip);
  long result = 5, other = 77;
  __asm__ volatile("ud2" : "+a"(result), "+d"(other));
  say("went on behind it with %ld and %ld", result, other);
  signal(SIGILL, SIG_DFL);
  // The flags and all registers are as they were, however often a handler runs.
  handle(SIGALRM, SA_RESTART, note);
  taken[SIGALRM] = 0;
  struct itimerval often = {{0, 1000}, {0, 1000}};
  setitimer(ITIMER_REAL, &often, NULL);
  unsigned long sum = 0, wrong = 0;
  while (taken[SIGALRM] < 20) {
    unsigned long a = 1, b = 2, c = 3, d = 4;
    for (int i = 0; i < 1000; i++) {
      a = a * 1103515245 + b;
      b ^= a >> 3;
      c += b ^ d;
      d = d * 69069 + c;
    }
    if (sum == 0) sum = a + b + c + d;
    if (sum != a + b + c + d) wrong++;
  }
  struct itimerval never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &never, NULL);
  say("interrupted often, wrong %lu", wrong);
}

// MARK: Interrupted calls

static int pipe_ends[2];

static void write_later(int milliseconds) {
  if (fork() == 0) {
    nap(milliseconds);
    if (write(pipe_ends[1], "x", 1) != 1) _exit(1);
    _exit(0);
  }
}

static void alarm_in(int milliseconds) {
  struct itimerval once = {{0, 0}, {0, milliseconds * 1000}};
  setitimer(ITIMER_REAL, &once, NULL);
}

static void interruption(void) {
  char byte;
  if (pipe(pipe_ends) != 0) say("pipe: %s", strerror(errno));
  handle(SIGALRM, 0, note);
  alarm_in(60);
  answer("read", read(pipe_ends[0], &byte, 1));
  handle(SIGALRM, SA_RESTART, note);
  write_later(250);
  alarm_in(60);
  taken[SIGALRM] = 0;
  answer("read that begins again", read(pipe_ends[0], &byte, 1));
  say("taken meanwhile: %d", taken[SIGALRM]);
  wait(NULL);
  alarm_in(60);
  struct timespec length = {5, 0}, rest = {0, 0};
  answer("sleep", nanosleep(&length, &rest));
  say("rest in whole seconds: %d", (int)rest.tv_sec);
  pid_t child = fork();
  if (child == 0) {
    nap(250);
    _exit(3);
  }
  alarm_in(60);
  int status;
  answer("wait that begins again", waitpid(child, &status, 0) == child);
  tell_status("child", status);
  handle(SIGALRM, 0, note);
  alarm_in(60);
  answer("pause", pause());
}

static void waiting(void) {
  sigset_t set, old, none;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, &old);
  handle(SIGUSR1, 0, note);
  taken[SIGUSR1] = 0;
  raise(SIGUSR1);
  sigemptyset(&none);
  answer("sigsuspend", sigsuspend(&none));
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  say("taken %d, blocked again %d", taken[SIGUSR1], sigismember(&now, SIGUSR1));
  pid_t parent = getpid();
  if (fork() == 0) {
    nap(10);
    kill(parent, SIGUSR1);
    _exit(0);
  }
  siginfo_t information;
  int signal = sigwaitinfo(&set, &information);
  say("sigwaitinfo: %d, code %d, from another %d", signal == SIGUSR1, information.si_code,
      information.si_pid != getpid());
  wait(NULL);
  struct timespec length = {0, 20000000};
  answer("sigtimedwait", sigtimedwait(&set, &information, &length));
  sigprocmask(SIG_SETMASK, &old, NULL);
}

// MARK: Between processes

static void between_processes(void) {
  handle(SIGCHLD, 0, note);
  taken[SIGCHLD] = 0;
  pid_t child = fork();
  if (child == 0) _exit(5);
  int status;
  while (waitpid(child, &status, 0) < 0) {}
  say("child: code %d, status %d, the child's number %d", last.si_code, last.si_status, last.si_pid == child);
  signal(SIGCHLD, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  kill(child, SIGSTOP);
  waitpid(child, &status, WUNTRACED);
  tell_status("child", status);
  answer("wait without waiting", waitpid(child, &status, WNOHANG));
  kill(child, SIGCONT);
  waitpid(child, &status, WCONTINUED);
  tell_status("child", status);
  kill(child, SIGSTOP);
  waitpid(child, &status, WUNTRACED);
  kill(child, SIGTERM);
  nap(10);
  answer("a stopped one takes none", waitpid(child, &status, WNOHANG));
  kill(child, SIGCONT);
  waitpid(child, &status, 0);
  tell_status("child", status);
  child = fork();
  if (child == 0) {
    signal(SIGTERM, SIG_IGN);
    if (write(pipe_ends[1], "r", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte;
  while (read(pipe_ends[0], &byte, 1) != 1) {}
  kill(child, SIGTERM);
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  tell_status("child", status);
  close(pipe_ends[0]);
  handle(SIGPIPE, 0, note);
  taken[SIGPIPE] = 0;
  answer("write to nobody", write(pipe_ends[1], "x", 1));
  say("taken %d", taken[SIGPIPE]);
}

static void jump(void) {
  handle(SIGUSR1, 0, leave);
  sigset_t mask;
  volatile int times = 0;
  if (sigsetjmp(out, 1) != 0) times++;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  if (sigismember(&mask, SIGUSR1)) say("still blocked");
  if (times < 3) raise(SIGUSR1);
  say("jumped %d times", times);
}

static const struct section sections[] = {
    {"sending", sending},
    {"ordering", ordering},
    {"queueing", queueing},
    {"flags", flags},
    {"alternate stack", alternate_stack},
    {"stack overflow", stack_overflow},
    {"exceptions", exceptions},
    {"hidden faults", hidden_faults},
    {"registers", registers},
    {"interruption", interruption},
    {"waiting", waiting},
    {"between processes", between_processes},
    {"jump", jump},
    {NULL, NULL},
};

int main(int argc, char **argv) { return run_sections(sections, argc, argv); }
