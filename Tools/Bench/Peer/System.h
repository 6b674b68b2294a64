// System calls of Linux without a C library, for i386 and x86_64, and the time stamp counter.
//
// The program must run unchanged on Debian's kernels and on any kernel that takes Linux's calls, so it asks for little:
// numbers and layouts are those of the kernel's own headers (asm/unistd_32.h, asm/unistd_64.h), and i386 calls by
// `int $0x80`, which is there without a vDSO and takes fewer instructions than `sysenter` through one.
#pragma once

typedef unsigned int u32;
typedef unsigned long word;
typedef unsigned char byte;

// One column a processor: NAME(x86_64, i386).
#ifdef __x86_64__
#define NUMBER(wide, narrow) wide
#else
#define NUMBER(wide, narrow) narrow
#endif

enum {
  CALL_READ = NUMBER(0, 3),
  CALL_WRITE = NUMBER(1, 4),
  CALL_OPEN = NUMBER(2, 5),
  CALL_CLOSE = NUMBER(3, 6),
  CALL_STAT = NUMBER(4, 195),  // stat64 on i386
  CALL_LSEEK = NUMBER(8, 19),
  CALL_MMAP = NUMBER(9, 192),  // mmap2 on i386: the offset counts pages
  CALL_MUNMAP = NUMBER(11, 91),
  CALL_PIPE = NUMBER(22, 42),
  CALL_SCHED_YIELD = NUMBER(24, 158),
  CALL_GETPID = NUMBER(39, 20),
  CALL_CLONE = NUMBER(56, 120),
  CALL_FORK = NUMBER(57, 2),
  CALL_VFORK = NUMBER(58, 190),
  CALL_EXECVE = NUMBER(59, 11),
  CALL_EXIT = NUMBER(60, 1),
  CALL_WAIT4 = NUMBER(61, 114),
  CALL_KILL = NUMBER(62, 37),
  CALL_MKDIR = NUMBER(83, 39),
  CALL_SCHED_SETSCHEDULER = NUMBER(144, 156),
  CALL_MOUNT = NUMBER(165, 21),
  CALL_IOPL = NUMBER(172, 110),
  CALL_FUTEX = NUMBER(202, 240),
  CALL_SCHED_SETAFFINITY = NUMBER(203, 241),
  CALL_CLOCK_NANOSLEEP = NUMBER(230, 267),
  CALL_EXIT_GROUP = NUMBER(231, 252),
  // Calls of Apus's own (Docs/messages.md); Linux refuses them.
  CALL_PORT_OPEN = 1024,
  CALL_PORT_CLOSE = 1025,
  CALL_PORT_CALL = 1026,
  CALL_PORT_RECEIVE = 1027,
  CALL_PORT_REPLY = 1028,
  CALL_PORT_TIMED_CALL = 1029,
  CALL_PORT_AREA = 1030,
};

// The result of a call: negative is an error's number.
static inline long call6(long number, word a, word b, word c, word d, word e, word f) {
#ifdef __x86_64__
  long result;
  register word r10 __asm__("r10") = d;
  register word r8 __asm__("r8") = e;
  register word r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#else
  // The sixth argument goes to ebp, which the compiler may be using: it is passed through memory.
  word last[2] = {f, (word)number};
  long result;
  __asm__ volatile("push %%ebp\n\t"
                   "mov (%%eax), %%ebp\n\t"
                   "mov 4(%%eax), %%eax\n\t"
                   "int $0x80\n\t"
                   "pop %%ebp"
                   : "=a"(result)
                   : "a"(last), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                   : "memory");
  return result;
#endif
}

// What is measured has at most four arguments: nothing passes through memory.
static inline long call4(long number, word a, word b, word c, word d) {
#ifdef __x86_64__
  long result;
  register word r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
#else
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d)
                   : "memory");
  return result;
#endif
}

// Calls of Apus's own have five, and on x86_64 leave only what a function preserves.
static inline long portCall(long number, word a, word b, word c, word d, word e) {
#ifdef __x86_64__
  long result;
  register word r10 __asm__("r10") = d;
  register word r8 __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8)
                   : "a"(number)
                   : "rcx", "r9", "r11", "memory");
  return result;
#else
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                   : "memory");
  return result;
#endif
}

static inline long call3(long number, word a, word b, word c) {
  long result;
#ifdef __x86_64__
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
#else
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
#endif
  return result;
}

static inline long call0(long number) {
  long result;
#ifdef __x86_64__
  __asm__ volatile("syscall" : "=a"(result) : "a"(number) : "rcx", "r11", "memory");
#else
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number) : "memory");
#endif
  return result;
}

// The low half of the time stamp counter: differences below 2^32 are all that is asked for.
static inline u32 ticks(void) {
  u32 low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return low;
}

// A thread's body; what it returns is lost.
typedef void (*Body)(void *);

// Starts a thread that shares everything; `*alive` is not 0 until it has ended, and a futex. Negative if refused.
//
// The stack has a size of STACK_SIZE and is given by its lowest address.
long threadStart(Body body, void *argument, void *stack, volatile u32 *alive);

// Waits until the thread with this word has ended.
void threadJoin(volatile u32 *alive);

enum { STACK_SIZE = 16384, FUTEX_WAIT = 0, FUTEX_WAKE = 1 };

// Memory of zeros, shared with later children if asked for; 0 if refused.
void *pages(word size, int shared);

// Gives a thread (0: the caller) a fixed priority, first come first served or in turns. Negative if refused.
long setPriority(int policy, int priority);
enum { IN_ORDER = 1, IN_TURNS = 2 };

// As in C.
void *memset(void *target, int value, word count);

// Ends the process.
_Noreturn void leave(int status);
