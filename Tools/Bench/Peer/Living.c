// What a system call costs, and what it costs to live: threads, processes, memory.
#include "Peer.h"

static byte stackA[STACK_SIZE] __attribute__((aligned(16)));
static volatile u32 aliveA;

void measureCalls(void) {
  struct Samples *samples = newSamples(1000);
  while (!isComplete(samples)) {
    beginSample(samples);
    call0(CALL_GETPID);
    endSample(samples);
  }
  report("syscall/getpid", samples);
}

static void nothing(void *argument) { (void)argument; }

// The least a thread library can do: the stack is there already, as if kept from a thread that has ended.
void measureThreads(void) {
  struct Samples *samples = newSamples(500);
  while (!isComplete(samples)) {
    beginSample(samples);
    long thread = threadStart(nothing, 0, stackA, &aliveA);
    if (thread < 0) return skip("thread/create-run-exit-join", "clone", thread);
    threadJoin(&aliveA);
    endSample(samples);
  }
  report("thread/create-run-exit-join", samples);
}

// The child shares the stack until it has exited, so it may not return from here: it exits in the next instructions.
static inline long vforkAndExit(void) {
  long child;
#ifdef __x86_64__
  __asm__ volatile("syscall\n\t"
                   "test %%rax, %%rax\n\t"
                   "jnz 1f\n\t"
                   "mov %[exit], %%eax\n\t"
                   "xor %%edi, %%edi\n\t"
                   "syscall\n"
                   "1:"
                   : "=a"(child)
                   : "a"(CALL_VFORK), [exit] "i"(CALL_EXIT)
                   : "rcx", "r11", "rdi", "memory");
#else
  __asm__ volatile("int $0x80\n\t"
                   "test %%eax, %%eax\n\t"
                   "jnz 1f\n\t"
                   "mov %[exit], %%eax\n\t"
                   "xor %%ebx, %%ebx\n\t"
                   "int $0x80\n"
                   "1:"
                   : "=a"(child)
                   : "a"(CALL_VFORK), [exit] "i"(CALL_EXIT)
                   : "ebx", "memory");
#endif
  return child;
}

void measureProcesses(void) {
  struct Samples *samples = newSamples(200);
  while (!isComplete(samples)) {
    beginSample(samples);
    long child = call0(CALL_FORK);
    if (child == 0) leave(0);
    if (child < 0) return skip("process/fork-exit-wait", "fork", child);
    call4(CALL_WAIT4, (word)child, 0, 0, 0);
    endSample(samples);
  }
  report("process/fork-exit-wait", samples);

  samples = newSamples(200);
  while (!isComplete(samples)) {
    beginSample(samples);
    long child = vforkAndExit();
    if (child < 0) return skip("process/vfork-exit-wait", "vfork", child);
    call4(CALL_WAIT4, (word)child, 0, 0, 0);
    endSample(samples);
  }
  report("process/vfork-exit-wait", samples);
}

// The new program is this one again, told to end at once.
void measureExecution(void) {
  static char *const arguments[] = {"peer", "end-at-once", 0};
  static char *const environment[] = {0};
  struct Samples *samples = newSamples(200);
  while (!isComplete(samples)) {
    beginSample(samples);
    long child = call0(CALL_FORK);
    if (child == 0) {
      call3(CALL_EXECVE, (word) "/proc/self/exe", (word)arguments, (word)environment);
      leave(1);
    }
    int status = 0;
    if (child > 0) call4(CALL_WAIT4, (word)child, (word)&status, 0, 0);
    if (child < 0 || status != 0) return skip("execute/fork-exec-exit-wait", "fork or exec", child < 0 ? child : -status);
    endSample(samples);
  }
  report("execute/fork-exec-exit-wait", samples);
}

// A sample is one write to a page that was never touched; the block is too small for a large page.
void measureMemory(void) {
  enum { COUNT = 200, PAGE = 4096 };
  struct Samples *samples = newSamples(COUNT);
  volatile byte *block = pages(COUNT * PAGE, 0);
  if (!block) return skip("memory/first-touch", "mmap", -12);
  for (word page = 0; page < COUNT; page++) {
    beginSample(samples);
    block[page * PAGE] = 1;
    endSample(samples);
  }
  call3(CALL_MUNMAP, (word)block, COUNT * PAGE, 0);
  report("memory/first-touch", samples);
}
