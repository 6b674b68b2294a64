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

  // The other way into the kernel: of i386 for programs of 64 bits, through the kernel's own page on i386.
  samples = newSamples(1000);
#ifdef __x86_64__
  const char *name = "syscall/getpid-int80";
  while (!isComplete(samples)) {
    long result;
    beginSample(samples);
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
    endSample(samples);
    if (result <= 0) return skip(name, "int 0x80", result);
  }
#else
  const char *name = "syscall/getpid-sysenter";
  word entry = auxiliary(32);
  if (!entry) return skip(name, "AT_SYSINFO", -38);
  while (!isComplete(samples)) {
    long result;
    beginSample(samples);
    __asm__ volatile("call *%1" : "=a"(result) : "r"(entry), "a"(CALL_GETPID) : "memory");
    endSample(samples);
    if (result <= 0) return skip(name, "sysenter", result);
  }
#endif
  report(name, samples);
}

// What is done with files most often, with one that is there: the program itself.
void measureFiles(void) {
  static const char path[] = "/init";
  byte buffer[256];
  struct Samples *samples = newSamples(500);
  while (!isComplete(samples)) {
    beginSample(samples);
    long file = call3(CALL_OPEN, (word)path, 0, 0);
    if (file >= 0) call3(CALL_CLOSE, (word)file, 0, 0);
    endSample(samples);
    if (file < 0) return skip("file", "open", file);
  }
  report("file/open-close", samples);

  long file = call3(CALL_OPEN, (word)path, 0, 0);
  samples = newSamples(500);
  while (!isComplete(samples)) {
    call3(CALL_LSEEK, (word)file, 0, 0);
    beginSample(samples);
    call3(CALL_READ, (word)file, (word)buffer, 16);
    endSample(samples);
  }
  report("file/read-16", samples);
  call3(CALL_CLOSE, (word)file, 0, 0);

  samples = newSamples(500);
  while (!isComplete(samples)) {
    beginSample(samples);
    long error = call3(CALL_STAT, (word)path, (word)buffer, 0);
    endSample(samples);
    if (error < 0) return skip("file/stat", "stat", error);
  }
  report("file/stat", samples);

  file = call3(CALL_OPEN, (word) "/written", 0102, 0644);
  if (file < 0) return skip("file/write-16", "open", file);
  samples = newSamples(500);
  while (!isComplete(samples)) {
    call3(CALL_LSEEK, (word)file, 0, 0);
    beginSample(samples);
    call3(CALL_WRITE, (word)file, (word)buffer, 16);
    endSample(samples);
  }
  report("file/write-16", samples);
  call3(CALL_CLOSE, (word)file, 0, 0);
}

static void nothing(void *argument) { (void)argument; }

// The least a thread library can do: the stack is there already, as if kept from a thread that has ended.
static void measureThreadsAs(const char *name) {
  struct Samples *samples = newSamples(500);
  while (!isComplete(samples)) {
    beginSample(samples);
    long thread = threadStart(nothing, 0, stackA, &aliveA);
    if (thread < 0) return skip(name, "clone", thread);
    threadJoin(&aliveA);
    endSample(samples);
  }
  report(name, samples);
}

void measureThreads(void) { measureThreadsAs("thread/create-run-exit-join"); }
void measureThreadsAlone(void) { measureThreadsAs("clone/create-run-exit-join"); }

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
    static const char *const arguments[] = {"/init", "nothing", 0};
    static const char *const environment[] = {0};
    beginSample(samples);
    long child = call0(CALL_FORK);
    if (child == 0) {
      call3(CALL_EXECVE, (word)arguments[0], (word)arguments, (word)environment);
      leave(1);
    }
    if (child < 0) return skip("process/fork-exec-wait", "fork", child);
    call4(CALL_WAIT4, (word)child, 0, 0, 0);
    endSample(samples);
  }
  report("process/fork-exec-wait", samples);

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

// The program beside this one measures itself and prints its samples.
void measurePthreads(void) {
  static char *const arguments[] = {"pthread", 0};
  static char *const environment[] = {0};
  long child = call0(CALL_FORK);
  if (child == 0) {
    call3(CALL_EXECVE, (word) "/pthread", (word)arguments, (word)environment);
    leave(1);
  }
  int status = 0;
  if (child > 0) call4(CALL_WAIT4, (word)child, (word)&status, 0, 0);
  if (child < 0 || status != 0)
    skip("pthread/create-join", "fork or exec", child < 0 ? child : -status);
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
