#include "Provocations.h"

uintptr_t provocation_hold_registers(uintptr_t seed, uintptr_t rounds) {
#if defined(__x86_64__)
  __asm__ volatile(
      "lea 1(%%rax), %%rbx\n\t"
      "lea 2(%%rax), %%rdx\n\t"
      "lea 3(%%rax), %%rsi\n\t"
      "lea 4(%%rax), %%rdi\n\t"
      "lea 5(%%rax), %%r8\n\t"
      "lea 6(%%rax), %%r9\n\t"
      "lea 7(%%rax), %%r10\n\t"
      "lea 8(%%rax), %%r11\n\t"
      "lea 9(%%rax), %%r12\n\t"
      "lea 10(%%rax), %%r13\n\t"
      "lea 11(%%rax), %%r14\n\t"
      "lea 12(%%rax), %%r15\n\t"
      "stc\n"
      "1: loop 1b\n\t"
      "jnc 2f\n\t"
      "lea -1(%%rbx), %%rbx\n\tcmp %%rax, %%rbx\n\tjne 2f\n\t"
      "lea -2(%%rdx), %%rdx\n\tcmp %%rax, %%rdx\n\tjne 2f\n\t"
      "lea -3(%%rsi), %%rsi\n\tcmp %%rax, %%rsi\n\tjne 2f\n\t"
      "lea -4(%%rdi), %%rdi\n\tcmp %%rax, %%rdi\n\tjne 2f\n\t"
      "lea -5(%%r8), %%r8\n\tcmp %%rax, %%r8\n\tjne 2f\n\t"
      "lea -6(%%r9), %%r9\n\tcmp %%rax, %%r9\n\tjne 2f\n\t"
      "lea -7(%%r10), %%r10\n\tcmp %%rax, %%r10\n\tjne 2f\n\t"
      "lea -8(%%r11), %%r11\n\tcmp %%rax, %%r11\n\tjne 2f\n\t"
      "lea -9(%%r12), %%r12\n\tcmp %%rax, %%r12\n\tjne 2f\n\t"
      "lea -10(%%r13), %%r13\n\tcmp %%rax, %%r13\n\tjne 2f\n\t"
      "lea -11(%%r14), %%r14\n\tcmp %%rax, %%r14\n\tjne 2f\n\t"
      "lea -12(%%r15), %%r15\n\tcmp %%rax, %%r15\n\tjne 2f\n\t"
      "xor %%rax, %%rax\n\tjmp 3f\n"
      "2: mov $1, %%rax\n"
      "3:"
      : "+a"(seed), "+c"(rounds)
      :
      : "rbx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc");
#else
  __asm__ volatile(
      "lea 1(%%eax), %%ebx\n\t"
      "lea 2(%%eax), %%edx\n\t"
      "lea 3(%%eax), %%esi\n\t"
      "lea 4(%%eax), %%edi\n\t"
      "stc\n"
      "1: loop 1b\n\t"
      "jnc 2f\n\t"
      "lea -1(%%ebx), %%ebx\n\tcmp %%eax, %%ebx\n\tjne 2f\n\t"
      "lea -2(%%edx), %%edx\n\tcmp %%eax, %%edx\n\tjne 2f\n\t"
      "lea -3(%%esi), %%esi\n\tcmp %%eax, %%esi\n\tjne 2f\n\t"
      "lea -4(%%edi), %%edi\n\tcmp %%eax, %%edi\n\tjne 2f\n\t"
      "xor %%eax, %%eax\n\tjmp 3f\n"
      "2: mov $1, %%eax\n"
      "3:"
      : "+a"(seed), "+c"(rounds)
      :
      : "ebx", "edx", "esi", "edi", "cc");
#endif
  return seed;
}
