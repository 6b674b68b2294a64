// Floating point: the x87 and the SSE registers belong to a thread, through preemption, calls, forks and handlers.

#include "Support.h"

#include <fenv.h>

static uint32_t bits(float value) {
  uint32_t word;
  memcpy(&word, &value, 4);
  return word;
}

static uint64_t wide_bits(double value) {
  uint64_t word;
  memcpy(&word, &value, 8);
  return word;
}

/// A sum that depends on every step, in x87 registers.
static long double extended(int seed, int steps) {
  long double x = seed, y = 1;
  for (int i = 1; i <= steps; i++) {
    x = x * 1.0000001L + 1.0L / (i + seed);
    y = y / 1.0000002L + x * 1e-9L;
  }
  return x + y;
}

/// The same in SSE registers.
static double plain(int seed, int steps) {
  double x = seed, y = 1;
  for (int i = 1; i <= steps; i++) {
    x = x * 1.0000001 + 1.0 / (i + seed);
    y = y / 1.0000002 + x * 1e-9;
  }
  return x + y;
}

static void arithmetic(void) {
  long double e = extended(3, 1000);
  uint64_t mantissa;
  memcpy(&mantissa, &e, 8);
  say("x87 %016llx", (unsigned long long)mantissa);
  say("SSE %016llx", (unsigned long long)wide_bits(plain(3, 1000)));
  volatile float one = 1, three = 3;
  say("a third %08x", bits(one / three));
  fesetround(FE_UPWARD);
  say("upward %08x", bits(one / three));
  fesetround(FE_DOWNWARD);
  say("downward %08x", bits(one / three));
  fesetround(FE_TONEAREST);
  uint16_t control;
  uint32_t mxcsr;
  __asm__ volatile("fnstcw %0" : "=m"(control));
  __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
  say("control %04x, MXCSR %04x", control, mxcsr & 0xFFC0);
}

static int disturbed(int seed) {
  // With rounding of its own, so that a state of somebody else shows.
  fesetround(seed % 2 ? FE_UPWARD : FE_DOWNWARD);
  long double first = extended(seed, 2000);
  double other = plain(seed, 2000);
  int wrong = 0;
  for (int i = 0; i < 40; i++) {
    wrong += extended(seed, 2000) != first;
    wrong += wide_bits(plain(seed, 2000)) != wide_bits(other);
    wrong += fegetround() != (seed % 2 ? FE_UPWARD : FE_DOWNWARD);
    if (i % 10 == 0) sched_yield();
  }
  fesetround(FE_TONEAREST);
  return wrong;
}

static void *in_thread(void *argument) { return (void *)(long)disturbed((int)(long)argument); }

static void threads(void) {
  pthread_t threads[6];
  long wrong = 0;
  for (long i = 0; i < 6; i++) pthread_create(&threads[i], NULL, in_thread, (void *)(i + 1));
  for (int i = 0; i < 6; i++) {
    void *result;
    pthread_join(threads[i], &result);
    wrong += (long)result;
  }
  say("six threads, wrong %ld", wrong);
}

static void processes(void) {
  int wrong = 0, status;
  for (int i = 0; i < 5; i++) {
    if (fork() == 0) _exit(disturbed(i + 10));
  }
  while (wait(&status) > 0) wrong += status != 0;
  say("five processes, wrong %d", wrong);
}

static void forks(void) {
  double value = 0;
  fesetround(FE_UPWARD);
  __asm__ volatile("movsd %0, %%xmm5" ::"m"((const double){1.25}) : "xmm5");
  pid_t child = fork();
  __asm__ volatile("movsd %%xmm5, %0" : "=m"(value));
  int round = fegetround();
  fesetround(FE_TONEAREST);
  if (child == 0) {
    // The library's fork may use the register; the rounding is the thread's.
    say("child: rounds upward %d", round == FE_UPWARD);
    _exit(0);
  }
  wait(NULL);
  say("parent: rounds upward %d", round == FE_UPWARD);
}

// MARK: Handlers

static volatile sig_atomic_t taken;

static void compute(int signal, siginfo_t *information, void *context) {
  (void)signal;
  (void)information;
  (void)context;
  taken++;
  // Whatever the program had in its registers is gone here.
  fesetround(FE_TOWARDZERO);
  extended(99, 50);
  plain(98, 50);
  __asm__ volatile("fninit; fldz; fldz; fldz; fldz; fldz; fldz; fldz; fldz");
  __asm__ volatile("xorps %%xmm0, %%xmm0; xorps %%xmm1, %%xmm1; xorps %%xmm2, %%xmm2; xorps %%xmm3, %%xmm3;"
                   "xorps %%xmm4, %%xmm4; xorps %%xmm5, %%xmm5; xorps %%xmm6, %%xmm6; xorps %%xmm7, %%xmm7" ::
                       : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7");
}

static void handlers(void) {
  handle(SIGUSR1, 0, compute);
  uint64_t before[2] = {0x0123456789ABCDEF, 0xFEDCBA9876543210}, after[2];
  double top = 0;
  pid_t self = getpid();
#ifdef __i386__
  int number = SYS_kill, result;
  __asm__ volatile("fldl %[pi]; movups %[before], %%xmm7; push %%ebx; mov %[self], %%ebx; int $0x80; pop %%ebx;"
                   "movups %%xmm7, %[after]; fstpl %[top]"
                   : "=a"(result), [after] "=m"(after), [top] "=m"(top)
                   : "a"(number), [self] "D"(self), "c"(SIGUSR1), [before] "m"(before),
                     [pi] "m"((const double){3.140625})
                   : "xmm7", "memory", "st(7)");
#else
  long number = SYS_kill, result;
  __asm__ volatile("fldl %[pi]; movups %[before], %%xmm7; syscall; movups %%xmm7, %[after]; fstpl %[top]"
                   : "=a"(result), [after] "=m"(after), [top] "=m"(top)
                   : "a"(number), "D"((long)self), "S"((long)SIGUSR1), [before] "m"(before),
                     [pi] "m"((const double){3.140625})
                   : "xmm7", "rcx", "r11", "memory", "st(7)");
#endif
  say("handler ran %d, SSE kept %d, x87 kept %d, rounds as before %d", taken,
      after[0] == before[0] && after[1] == before[1], top == 3.140625, fegetround() == FE_TONEAREST);
  taken = 0;
  handle(SIGALRM, 0, compute);
  struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, NULL);
  long wrong = 0;
  while (taken < 30) wrong += disturbed(5);
  setitimer(ITIMER_REAL, &never, NULL);
  say("interrupted often, wrong %ld", wrong);
}

static int is_hostile;

static void change(int signal, siginfo_t *information, void *context) {
  (void)signal;
  (void)information;
  ucontext_t *user = context;
#ifdef __i386__
  // Behind the old state of 112 bytes lies that of fxsave.
  unsigned char *state = (unsigned char *)user->uc_mcontext.fpregs + 112;
#else
  unsigned char *state = (unsigned char *)user->uc_mcontext.fpregs;
#endif
  say("there is a state: %d", user->uc_mcontext.fpregs != NULL);
  if (user->uc_mcontext.fpregs == NULL) return;
  double value;
  memcpy(&value, state + 160 + 7 * 16, 8);
  say("xmm7 in it: %d", value == 2.5);
  value = 7.5;
  memcpy(state + 160 + 7 * 16, &value, 8);
  if (!is_hostile) return;
  // Bits of MXCSR that no processor has: to load them would be a fault of the kernel's.
  uint32_t mxcsr = 0xFFFF1F80;
  memcpy(state + 24, &mxcsr, 4);
}

static void changed_by_handler(void) {
  handle(SIGUSR2, 0, change);
  double before = 2.5, after = 0;
  pid_t self = getpid();
#ifdef __i386__
  int result;
  __asm__ volatile("movsd %[before], %%xmm7; push %%ebx; mov %[self], %%ebx; int $0x80; pop %%ebx; movsd %%xmm7, %[after]"
                   : "=a"(result), [after] "=m"(after)
                   : "a"(SYS_kill), [self] "D"(self), "c"(SIGUSR2), [before] "m"(before)
                   : "xmm7", "memory");
#else
  long result;
  __asm__ volatile("movsd %[before], %%xmm7; syscall; movsd %%xmm7, %[after]"
                   : "=a"(result), [after] "=m"(after)
                   : "a"((long)SYS_kill), "D"((long)self), "S"((long)SIGUSR2), [before] "m"(before)
                   : "xmm7", "rcx", "r11", "memory");
#endif
  say("xmm7 afterwards: %d", after == 7.5);
}

static void spoiled_by_handler(void) {
  is_hostile = 1;
  in_child("the child", changed_by_handler);
  is_hostile = 0;
}

// MARK: Exceptions

static sigjmp_buf out;
static int code;

static void leave(int signal, siginfo_t *information, void *context) {
  (void)context;
  code = information->si_code;
  siglongjmp(out, signal);
}

static void exceptions(void) {
  handle(SIGFPE, 0, leave);
  // Of x87 alone: QEMU's translator does not raise those of SSE.
  static const struct {
    const char *name;
    uint16_t control;
  } kinds[] = {{"division by zero", 0x037B}, {"masked", 0x037F}};
  for (int i = 0; i < COUNT(kinds); i++) {
    code = 0;
    int signal = sigsetjmp(out, 1);
    if (signal == 0) {
      __asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait; fstp %%st(0)" ::"m"(kinds[i].control));
    }
    __asm__ volatile("fninit");
    say("%s: %s, code %d", kinds[i].name, signal ? strsignal(signal) : "nothing", code);
  }
  say("and computes on: %d", (int)plain(1, 10));
}

static const struct section sections[] = {
    {"arithmetic", arithmetic}, {"threads", threads},   {"processes", processes},
    {"forks", forks},           {"handlers", handlers}, {"changed by a handler", changed_by_handler},
    {"spoiled by a handler", spoiled_by_handler}, {"exceptions", exceptions}, {NULL, NULL},
};

int main(int argc, char **argv) { return run_sections(sections, argc, argv); }
