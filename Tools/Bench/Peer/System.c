// Where the program begins, and what the compiler and threads need.
#include "System.h"

#include "Peer.h"

// The kernel leaves argc, argv, a null and the environment on the stack.
__attribute__((naked, noreturn)) void _start(void) {
#ifdef __x86_64__
  __asm__("mov %rsp, %rdi\n\t"
          "xor %ebp, %ebp\n\t"
          "and $-16, %rsp\n\t"
          "call begin");
#else
  __asm__("mov %esp, %eax\n\t"
          "xor %ebp, %ebp\n\t"
          "and $-16, %esp\n\t"
          "sub $12, %esp\n\t"
          "push %eax\n\t"
          "call begin");
#endif
}

_Noreturn __attribute__((used)) void begin(word *stack) {
  leave(measure((int)stack[0], (char **)(stack + 1)));
}

// The compiler may call these for loops that look like them.
void *memset(void *target, int value, word count) {
  void *end = target;
  __asm__ volatile("rep stosb" : "+D"(end), "+c"(count) : "a"(value) : "memory");
  return target;
}

void *memcpy(void *restrict target, const void *restrict source, word count) {
  void *end = target;
  __asm__ volatile("rep movsb" : "+D"(end), "+S"(source), "+c"(count) : : "memory");
  return target;
}

void *pages(word size, int shared) {
  // PROT_READ | PROT_WRITE; MAP_ANONYMOUS with MAP_SHARED or MAP_PRIVATE.
  long address = call6(CALL_MMAP, 0, size, 3, shared ? 0x21 : 0x22, (word)-1, 0);
  // The last page of the address space never belongs to a program: such a value is an error's number.
  return (word)address > (word)-4096 ? 0 : (void *)address;
}

long setPriority(int policy, int priority) {
  return call3(CALL_SCHED_SETSCHEDULER, 0, (word)policy, (word)&priority);
}

_Noreturn void leave(int status) {
  for (;;) call3(CALL_EXIT_GROUP, (word)status, 0, 0);
}

// The child's first instructions are those after the system call, on its own stack, where body and argument lie.
long threadStart(Body body, void *argument, void *stack, volatile u32 *alive) {
  // CLONE_VM | FS | FILES | SIGHAND | THREAD | SYSVSEM | PARENT_SETTID | CHILD_CLEARTID
  const word flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x100000 | 0x200000;
  word *top = (word *)((byte *)stack + STACK_SIZE) - 4;
  top[0] = (word)body;
  top[1] = (word)argument;
  long result;
#ifdef __x86_64__
  register volatile u32 *cleared __asm__("r10") = alive;
  register word storage __asm__("r8") = 0;
  __asm__ volatile("syscall\n\t"
                   "test %%rax, %%rax\n\t"
                   "jnz 1f\n\t"
                   "xor %%ebp, %%ebp\n\t"
                   "pop %%rax\n\t"
                   "pop %%rdi\n\t"
                   "call *%%rax\n\t"
                   "mov %[exit], %%eax\n\t"
                   "xor %%edi, %%edi\n\t"
                   "syscall\n"
                   "1:"
                   : "=a"(result)
                   : "a"(CALL_CLONE), "D"(flags), "S"(top), "d"(alive), "r"(cleared), "r"(storage),
                     [exit] "i"(CALL_EXIT)
                   : "rcx", "r11", "memory");
#else
  __asm__ volatile("int $0x80\n\t"
                   "test %%eax, %%eax\n\t"
                   "jnz 1f\n\t"
                   "xor %%ebp, %%ebp\n\t"
                   "pop %%eax\n\t"  // leaves the argument where a function looks for it
                   "call *%%eax\n\t"
                   "mov %[exit], %%eax\n\t"
                   "xor %%ebx, %%ebx\n\t"
                   "int $0x80\n"
                   "1:"
                   : "=a"(result)
                   : "a"(CALL_CLONE), "b"(flags), "c"(top), "d"(alive), "S"(0), "D"(alive),
                     [exit] "i"(CALL_EXIT)
                   : "memory");
#endif
  return result;
}

void threadJoin(volatile u32 *alive) {
  for (u32 thread; (thread = *alive) != 0;) call4(CALL_FUTEX, (word)alive, FUTEX_WAIT, thread, 0);
}
