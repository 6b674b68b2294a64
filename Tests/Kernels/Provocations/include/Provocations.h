// Instructions that raise exceptions, for kernels that test how they are reported.

#ifndef PROVOCATIONS_H
#define PROVOCATIONS_H

#include <stdint.h>

#if defined(__x86_64__)
#define ACC "rax"
#else
#define ACC "eax"
#endif

#define PROVOKE static inline __attribute__((always_inline)) void

PROVOKE provoke_divide_error(void) {
  __asm__ volatile("xorl %%edx, %%edx\n\txorl %%ecx, %%ecx\n\tmovl $1, %%eax\n\tdivl %%ecx" : : : "eax", "ecx", "edx");
}
PROVOKE provoke_single_step(void) {
  __asm__ volatile("pushf\n\tpop %%" ACC "\n\tor $0x100, %%" ACC "\n\tpush %%" ACC "\n\tpopf\n\tnop" : : : ACC, "memory");
}
PROVOKE provoke_breakpoint(void) { __asm__ volatile("int3"); }
PROVOKE provoke_undefined_instruction(void) { __asm__ volatile("ud2"); }

// With CR0.TS set, the first x87 instruction reports that the coprocessor's state is not the current one.
PROVOKE provoke_device_not_available(void) {
  uintptr_t cr0;
  __asm__ volatile("mov %%cr0, %0\n\tor $8, %0\n\tand $-5, %0\n\tmov %0, %%cr0\n\tfninit" : "=&r"(cr0));
}

// The first use of the x87 registers, without telling the processor anything before.
PROVOKE provoke_floating_point(void) { __asm__ volatile("fnop"); }

// CR0.NE reports x87 errors as an exception; dividing one by zero with that error unmasked is pending until fwait.
PROVOKE provoke_x87_error(void) {
  uintptr_t cr0;
  uint16_t control = 0x037B;
  __asm__ volatile("mov %%cr0, %0\n\tand $-13, %0\n\tor $0x22, %0\n\tmov %0, %%cr0" : "=&r"(cr0));
  __asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait" : : "m"(control));
}

PROVOKE provoke_load_data_segment(uint16_t selector) {
  __asm__ volatile("mov %0, %%es" : : "r"((uint32_t)selector));
}
PROVOKE provoke_load_stack_segment(uint16_t selector) {
  __asm__ volatile("mov %0, %%ss" : : "r"((uint32_t)selector));
}

// A push with the stack pointer in an absent page faults, and so does delivering that fault.
PROVOKE provoke_double_fault(void) {
#if defined(__x86_64__)
  __asm__ volatile("mov $0x1000, %%rsp\n\tpush %%rax" : : : "memory");
#else
  __asm__ volatile("mov $0x1000, %%esp\n\tpush %%eax" : : : "memory");
#endif
}

// Jumps through a gate with the frame that the processor would have pushed, for vectors that nothing else raises here.
PROVOKE provoke_by_frame(uintptr_t stub, uintptr_t error_code) {
#if defined(__x86_64__)
  __asm__ volatile("mov %%rsp, %%rax\n\tmov %%ss, %%ecx\n\tpush %%rcx\n\tpush %%rax\n\tpushf\n\tmov %%cs, %%ecx\n\tpush %%rcx\n\t"
                   "lea 1f(%%rip), %%rax\n\tpush %%rax\n\tpush %1\n\tjmp *%0\n1:" : : "r"(stub), "r"(error_code) : "rax", "rcx", "memory");
#else
  __asm__ volatile("pushf\n\tpush %%cs\n\tpush $1f\n\tpush %1\n\tjmp *%0\n1:" : : "r"(stub), "r"(error_code) : "memory");
#endif
}

#define PROVOKE_INT(vector) case vector: __asm__ volatile("int $" #vector); break;

// A software interrupt: the gate's own path without the hardware's reason, for vectors without an error code.
// Among them the SIMD exception, which QEMU's emulation of SSE never raises.
PROVOKE provoke_software_interrupt(uint8_t vector) {
  switch (vector) {
    PROVOKE_INT(2) PROVOKE_INT(4) PROVOKE_INT(5) PROVOKE_INT(9) PROVOKE_INT(15) PROVOKE_INT(18) PROVOKE_INT(19)
    PROVOKE_INT(20)
    PROVOKE_INT(22) PROVOKE_INT(23) PROVOKE_INT(24) PROVOKE_INT(25) PROVOKE_INT(26) PROVOKE_INT(27) PROVOKE_INT(28)
    PROVOKE_INT(31) PROVOKE_INT(39) PROVOKE_INT(47) PROVOKE_INT(255)
  }
}

PROVOKE provoke_call(uintptr_t address) { ((void (*)(void))address)(); }

// Fills the registers and flags with a pattern made of `seed`, waits `rounds` rounds, and looks whether
// all is still there: 0 if so.
uintptr_t provocation_hold_registers(uintptr_t seed, uintptr_t rounds);

// Bytes of a floating-point and vector state as xsave lays it out (fxsave its first half), at a multiple of 64.
#define PROVOCATION_STATE_SIZE 1024

// Fills a state with a pattern made of `seed`, which must not be 0.
void provocation_make_state(void *state, uint32_t seed);

// The same as hold_registers, with the x87, SSE and AVX registers full of `state`, one of which is touched in every
// round. 0 if all is still there; else 1 for general registers and flags, 2 x87 control, 3 MXCSR, 4 x87 registers,
// 5 SSE registers, 6 AVX's upper halves.
uintptr_t provocation_hold_everything(uintptr_t seed, uintptr_t rounds, const void *state,
                                      void *found);

// 0 if the registers hold what a new program finds.
uintptr_t provocation_state_is_new(void *found);

// Loads the registers, and compares them: 0 if they are the same.
void provocation_load_state(const void *state);
uintptr_t provocation_compare_state(const void *state, void *found);

// A program for ring 3 (Ring3.c).
extern char ring3_code[] __attribute__((visibility("hidden")));
extern char ring3_code_end[] __attribute__((visibility("hidden")));
static inline uintptr_t provocation_ring3_code(void) { return (uintptr_t)ring3_code; }
static inline uintptr_t provocation_ring3_size(void) { return (uintptr_t)(ring3_code_end - ring3_code); }

#endif
