#include "Provocations.h"

// The carry, parity, auxiliary, zero, sign and overflow flags: all that code may leave in any state.
#define FLAGS "0x8D5"

// Fills the general registers and the flags from the accumulator, waits, and looks whether all is still there. `wait`
// is done in every round and may change no register and no flag.
#if defined(__x86_64__)
#define HOLD(seed, rounds, wait)                                                                       \
  __asm__ volatile(                                                                                    \
      "lea 1(%%rax), %%rbx\n\t"                                                                        \
      "lea 2(%%rax), %%rdx\n\t"                                                                        \
      "lea 3(%%rax), %%rsi\n\t"                                                                        \
      "lea 4(%%rax), %%rdi\n\t"                                                                        \
      "lea 5(%%rax), %%r8\n\t"                                                                         \
      "lea 6(%%rax), %%r9\n\t"                                                                         \
      "lea 7(%%rax), %%r10\n\t"                                                                        \
      "lea 8(%%rax), %%r11\n\t"                                                                        \
      "lea 9(%%rax), %%r12\n\t"                                                                        \
      "lea 10(%%rax), %%r13\n\t"                                                                       \
      "lea 11(%%rax), %%r14\n\t"                                                                       \
      "lea 12(%%rax), %%r15\n\t"                                                                       \
      "push %%rax\n\tandq $" FLAGS ", (%%rsp)\n\torq $0x202, (%%rsp)\n\tpopf\n"                        \
      "1: " wait "loop 1b\n\t"                                                                         \
      "pushf\n\tpop %%rcx\n\tand $" FLAGS ", %%ecx\n\t"                                                \
      "push %%rax\n\tandq $" FLAGS ", (%%rsp)\n\tcmp %%rcx, (%%rsp)\n\tlea 8(%%rsp), %%rsp\n\tjne 2f\n\t" \
      "lea -1(%%rbx), %%rbx\n\tcmp %%rax, %%rbx\n\tjne 2f\n\t"                                         \
      "lea -2(%%rdx), %%rdx\n\tcmp %%rax, %%rdx\n\tjne 2f\n\t"                                         \
      "lea -3(%%rsi), %%rsi\n\tcmp %%rax, %%rsi\n\tjne 2f\n\t"                                         \
      "lea -4(%%rdi), %%rdi\n\tcmp %%rax, %%rdi\n\tjne 2f\n\t"                                         \
      "lea -5(%%r8), %%r8\n\tcmp %%rax, %%r8\n\tjne 2f\n\t"                                            \
      "lea -6(%%r9), %%r9\n\tcmp %%rax, %%r9\n\tjne 2f\n\t"                                            \
      "lea -7(%%r10), %%r10\n\tcmp %%rax, %%r10\n\tjne 2f\n\t"                                         \
      "lea -8(%%r11), %%r11\n\tcmp %%rax, %%r11\n\tjne 2f\n\t"                                         \
      "lea -9(%%r12), %%r12\n\tcmp %%rax, %%r12\n\tjne 2f\n\t"                                         \
      "lea -10(%%r13), %%r13\n\tcmp %%rax, %%r13\n\tjne 2f\n\t"                                        \
      "lea -11(%%r14), %%r14\n\tcmp %%rax, %%r14\n\tjne 2f\n\t"                                        \
      "lea -12(%%r15), %%r15\n\tcmp %%rax, %%r15\n\tjne 2f\n\t"                                        \
      "xor %%rax, %%rax\n\tjmp 3f\n"                                                                   \
      "2: mov $1, %%rax\n"                                                                             \
      "3:"                                                                                             \
      : "+a"(seed), "+c"(rounds)                                                                       \
      :                                                                                                \
      : "rbx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", "memory")
#else
#define HOLD(seed, rounds, wait)                                                                       \
  __asm__ volatile(                                                                                    \
      "lea 1(%%eax), %%ebx\n\t"                                                                        \
      "lea 2(%%eax), %%edx\n\t"                                                                        \
      "lea 3(%%eax), %%esi\n\t"                                                                        \
      "lea 4(%%eax), %%edi\n\t"                                                                        \
      "push %%eax\n\tandl $" FLAGS ", (%%esp)\n\torl $0x202, (%%esp)\n\tpopf\n"                        \
      "1: " wait "loop 1b\n\t"                                                                         \
      "pushf\n\tpop %%ecx\n\tand $" FLAGS ", %%ecx\n\t"                                                \
      "push %%eax\n\tandl $" FLAGS ", (%%esp)\n\tcmp %%ecx, (%%esp)\n\tlea 4(%%esp), %%esp\n\tjne 2f\n\t" \
      "lea -1(%%ebx), %%ebx\n\tcmp %%eax, %%ebx\n\tjne 2f\n\t"                                         \
      "lea -2(%%edx), %%edx\n\tcmp %%eax, %%edx\n\tjne 2f\n\t"                                         \
      "lea -3(%%esi), %%esi\n\tcmp %%eax, %%esi\n\tjne 2f\n\t"                                         \
      "lea -4(%%edi), %%edi\n\tcmp %%eax, %%edi\n\tjne 2f\n\t"                                         \
      "xor %%eax, %%eax\n\tjmp 3f\n"                                                                   \
      "2: mov $1, %%eax\n"                                                                             \
      "3:"                                                                                             \
      : "+a"(seed), "+c"(rounds)                                                                       \
      :                                                                                                \
      : "ebx", "edx", "esi", "edi", "cc", "memory")
#endif

uintptr_t provocation_hold_registers(uintptr_t seed, uintptr_t rounds) {
  HOLD(seed, rounds, "");
  return seed;
}

// Whether AVX's upper halves can be used: the system saves them by xsave (CPUID 1, ECX bits 27 and 28; XCR0 bit 2).
static int has_vectors(void) {
  uint32_t eax = 1, ebx, ecx = 0, edx;
  __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
  if ((ecx >> 27 & 3) != 3) return 0;
  __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
  return (eax & 4) != 0;
}

static void load_state(const void *state, int vectors) {
  if (vectors)
    __asm__ volatile("xrstor (%0)" : : "r"(state), "a"(7), "d"(0) : "memory");
  else
    __asm__ volatile("fxrstor (%0)" : : "r"(state) : "memory");
}

static void save_state(void *state, int vectors) {
  if (vectors)
    __asm__ volatile("xsave (%0)" : : "r"(state), "a"(7), "d"(0) : "memory");
  else
    __asm__ volatile("fxsave (%0)" : : "r"(state) : "memory");
}

#if defined(__x86_64__)
#define VECTOR_BYTES 256
#else
#define VECTOR_BYTES 128
#endif

void provocation_make_state(void *state, uint32_t seed) {
  uint8_t *b = state;
  for (int i = 0; i < (int)PROVOCATION_STATE_SIZE; i++) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    b[i] = (uint8_t)seed;
  }
  b[0] = 0x7F;                    // all exceptions masked
  b[1] = b[1] & 0x0C | 0x03;      // any rounding
  b[2] = 0;                       // no exception noted
  b[3] = b[3] & 0x38;             // any top of stack
  b[4] = 0xFF;                    // every register valid
  for (int i = 5; i < 24; i++) b[i] = 0;
  b[24] = 0x80 | b[24] & 0x3F;    // exceptions noted in any way, masked
  b[25] = b[25] & 0xE0 | 0x1F;
  for (int i = 26; i < 32; i++) b[i] = 0;
  for (int r = 0; r < 8; r++)
    for (int i = 10; i < 16; i++) b[32 + 16 * r + i] = 0;
  for (int i = 512; i < 576; i++) b[i] = 0;
  b[512] = 7;                     // all three components are there
}

static int differ(const uint8_t *a, const uint8_t *b, int start, int end) {
  for (int i = start; i < end; i++)
    if (a[i] != b[i]) return 1;
  return 0;
}

uintptr_t provocation_hold_everything(uintptr_t seed, uintptr_t rounds, const void *state,
                                      void *found) {
  int vectors = has_vectors();
  load_state(state, vectors);
  HOLD(seed, rounds, "fnop\n\t");
  if (seed != 0) return 1;
  save_state(found, vectors);
  if (differ(state, found, 0, 5)) return 2;
  if (differ(state, found, 24, 28)) return 3;
  if (differ(state, found, 32, 160)) return 4;
  if (differ(state, found, 160, 160 + VECTOR_BYTES)) return 5;
  if (vectors && differ(state, found, 576, 576 + VECTOR_BYTES)) return 6;
  return 0;
}

uintptr_t provocation_state_is_new(void *found) {
  const uint8_t *bytes = found;
  int vectors = has_vectors();
  save_state(found, vectors);
  if (bytes[0] != 0x7F || bytes[1] != 0x03 || bytes[4] != 0) return 2;
  if (bytes[24] != 0x80 || bytes[25] != 0x1F) return 3;
  for (int i = 160; i < 160 + VECTOR_BYTES; i++)
    if (bytes[i] != 0) return 5;
  return 0;
}

void provocation_load_state(const void *state) { load_state(state, has_vectors()); }

uintptr_t provocation_compare_state(const void *state, void *found) {
  int vectors = has_vectors();
  save_state(found, vectors);
  return differ(state, found, 0, 5) || differ(state, found, 24, 28) ||
         differ(state, found, 32, 160 + VECTOR_BYTES) ||
         (vectors && differ(state, found, 576, 576 + VECTOR_BYTES));
}
