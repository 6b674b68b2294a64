// The instructions that Swift cannot say, one function each.
//
// Every function here is one instruction, or one volatile access, without state. Policy, loops and checks live
// in Swift. The names are `cpu_` and the manual's mnemonic or what the instruction is for.

#ifndef CMACHINE_H
#define CMACHINE_H

#include <stdint.h>

#include "LinkerSymbols.h"

#define CPU_INLINE static inline __attribute__((always_inline))

// MARK: Port I/O

CPU_INLINE void cpu_out8(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

CPU_INLINE void cpu_out16(uint16_t port, uint16_t value) {
  __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

CPU_INLINE void cpu_out32(uint16_t port, uint32_t value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

CPU_INLINE uint8_t cpu_in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}

CPU_INLINE uint16_t cpu_in16(uint16_t port) {
  uint16_t value;
  __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}

CPU_INLINE uint32_t cpu_in32(uint16_t port) {
  uint32_t value;
  __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}

// MARK: Memory that a device or another processor shares

CPU_INLINE uintptr_t cpu_load_word(uintptr_t address) { return *(volatile uintptr_t *)address; }
CPU_INLINE uint32_t cpu_load32(uintptr_t address) { return *(volatile uint32_t *)address; }
CPU_INLINE void cpu_store32(uintptr_t address, uint32_t value) { *(volatile uint32_t *)address = value; }
CPU_INLINE uint8_t cpu_load8(uintptr_t address) { return *(volatile uint8_t *)address; }
CPU_INLINE void cpu_store8(uintptr_t address, uint8_t value) { *(volatile uint8_t *)address = value; }
CPU_INLINE void cpu_store16(uintptr_t address, uint16_t value) { *(volatile uint16_t *)address = value; }

// Whole on x86_64; two halves on i686, the lower one first.
CPU_INLINE uint64_t cpu_load64(uintptr_t address) { return *(volatile uint64_t *)address; }
#if defined(__x86_64__)
CPU_INLINE void cpu_store64(uintptr_t address, uint64_t value) { *(volatile uint64_t *)address = value; }
#endif

// A page, word by word: one instruction each.
CPU_INLINE void cpu_clear_page(uintptr_t address) {
#if defined(__x86_64__)
  uintptr_t count = 512;
  __asm__ volatile("rep stosq" : "+D"(address), "+c"(count) : "a"(0ull) : "memory");
#else
  uintptr_t count = 1024;
  __asm__ volatile("rep stosl" : "+D"(address), "+c"(count) : "a"(0) : "memory");
#endif
}

CPU_INLINE void cpu_copy_page(uintptr_t to, uintptr_t from) {
#if defined(__x86_64__)
  uintptr_t count = 512;
  __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
#else
  uintptr_t count = 1024;
  __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
#endif
}

// Words of the machine, from the first on: one instruction each.
CPU_INLINE void cpu_copy_words(uintptr_t to, uintptr_t from, uintptr_t count) {
#if defined(__x86_64__)
  __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
#else
  __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
#endif
}

// How many words are left from the first that is not zero on; 0 if all are zero. Compares while they are equal, so it
// stands behind the word that ended it.
CPU_INLINE uintptr_t cpu_skip_zeros(uintptr_t address, uintptr_t count) {
  uint8_t allZero;
#if defined(__x86_64__)
  __asm__ volatile("repe scasq" : "+D"(address), "+c"(count), "=@ccz"(allZero) : "a"(0ull) : "memory");
#else
  __asm__ volatile("repe scasl" : "+D"(address), "+c"(count), "=@ccz"(allZero) : "a"(0) : "memory");
#endif
  return allZero ? 0 : count + 1;
}

// Kernel/Machine/Arch/*/UserCopy.asm says what these do.
extern uintptr_t user_copy(uintptr_t to, uintptr_t from, uintptr_t count);
extern uintptr_t user_clear(uintptr_t to, uintptr_t count);
extern uintptr_t user_string(uintptr_t to, uintptr_t from, uintptr_t limit);
extern uint64_t user_load32(uintptr_t from);
extern uint64_t user_store32(uintptr_t to, uint32_t value);
extern uint64_t user_exchange32(uintptr_t at, uint32_t expected, uint32_t value);

// Keeps the compiler from moving memory accesses across it; no instruction.
CPU_INLINE void cpu_compiler_barrier(void) { __asm__ volatile("" : : : "memory"); }

// Atomic between processors (Intel SDM vol. 3, 8.1.2): the value before the addition; whether the value was exchanged.
CPU_INLINE uint32_t cpu_fetch_add32(uintptr_t address, uint32_t value) {
  __asm__ volatile("lock xaddl %0, %1" : "+r"(value), "+m"(*(volatile uint32_t *)address) : : "memory", "cc");
  return value;
}

CPU_INLINE uint8_t cpu_compare_exchange32(uintptr_t address, uint32_t expected, uint32_t value) {
  uint8_t exchanged;
  __asm__ volatile("lock cmpxchgl %3, %1"
                   : "=@ccz"(exchanged), "+m"(*(volatile uint32_t *)address), "+a"(expected)
                   : "r"(value)
                   : "memory");
  return exchanged;
}

// MARK: Flow

CPU_INLINE void cpu_hlt(void) { __asm__ volatile("hlt" : : : "memory"); }
CPU_INLINE void cpu_pause(void) { __asm__ volatile("pause" : : : "memory"); }
CPU_INLINE void cpu_cli(void) { __asm__ volatile("cli" : : : "memory"); }
CPU_INLINE void cpu_sti(void) { __asm__ volatile("sti" : : : "memory"); }
// Interrupts are taken only after the instruction that follows sti, so none is missed between the two.
CPU_INLINE void cpu_sti_hlt(void) { __asm__ volatile("sti\n\thlt" : : : "memory"); }
CPU_INLINE void cpu_int3(void) { __asm__ volatile("int3" : : : "memory"); }

CPU_INLINE uintptr_t cpu_flags(void) {
  uintptr_t value;
  __asm__ volatile("pushf\n\tpop %0" : "=r"(value) : : "memory");
  return value;
}

CPU_INLINE uintptr_t cpu_frame_pointer(void) { return (uintptr_t)__builtin_frame_address(0); }

// MARK: Identification and time

// Two words that a function answers in registers.
typedef struct {
  uintptr_t first, second;
} cpu_word_pair;

typedef struct {
  uint32_t eax, ebx, ecx, edx;
} cpu_cpuid_result;

CPU_INLINE cpu_cpuid_result cpu_cpuid(uint32_t leaf, uint32_t subleaf) {
  cpu_cpuid_result r;
  __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
  return r;
}

// Joined here on x86_64, where the compiler would clear upper halves that the instruction has cleared already.
CPU_INLINE uint64_t cpu_rdtsc(void) {
#if defined(__x86_64__)
  uint64_t value;
  __asm__ volatile("rdtsc\n\tshlq $32, %%rdx\n\torq %%rdx, %%rax" : "=a"(value) : : "rdx", "cc");
  return value;
#else
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
#endif
}

// The low half of the counter, for short intervals.
CPU_INLINE uint32_t cpu_rdtsc_low(void) {
  uint32_t low;
  __asm__ volatile("rdtsc" : "=a"(low) : : "edx");
  return low;
}

CPU_INLINE uint64_t cpu_rdmsr(uint32_t index) {
  uint32_t low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
  return (uint64_t)high << 32 | low;
}

CPU_INLINE void cpu_wrmsr(uint32_t index, uint64_t value) {
  __asm__ volatile("wrmsr" : : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

// MARK: Control registers

#define CPU_CONTROL_REGISTER(name)                                              \
  CPU_INLINE uintptr_t cpu_read_##name(void) {                                  \
    uintptr_t value;                                                            \
    __asm__ volatile("mov %%" #name ", %0" : "=r"(value) : : "memory");         \
    return value;                                                               \
  }                                                                             \
  CPU_INLINE void cpu_write_##name(uintptr_t value) {                           \
    __asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory");             \
  }

CPU_CONTROL_REGISTER(cr0)
CPU_CONTROL_REGISTER(cr2)
CPU_CONTROL_REGISTER(cr3)
CPU_CONTROL_REGISTER(cr4)

CPU_INLINE void cpu_invlpg(uintptr_t address) { __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory"); }

// MARK: Descriptor tables

// The operand of lgdt and lidt is a limit of 16 bits followed by a linear address (Intel SDM vol. 3, 2.4.1).
CPU_INLINE void cpu_lgdt(uint16_t limit, uintptr_t base) {
  struct __attribute__((packed)) {
    uint16_t limit;
    uintptr_t base;
  } operand = {limit, base};
  __asm__ volatile("lgdt %0" : : "m"(operand) : "memory");
}

CPU_INLINE void cpu_lidt(uint16_t limit, uintptr_t base) {
  struct __attribute__((packed)) {
    uint16_t limit;
    uintptr_t base;
  } operand = {limit, base};
  __asm__ volatile("lidt %0" : : "m"(operand) : "memory");
}

CPU_INLINE void cpu_ltr(uint16_t selector) { __asm__ volatile("ltr %0" : : "r"(selector) : "memory"); }
CPU_INLINE void cpu_lldt(uint16_t selector) { __asm__ volatile("lldt %0" : : "r"(selector) : "memory"); }

// Data segment registers; the selector must name a writable data segment, or the instruction faults.
CPU_INLINE void cpu_load_data_segments(uint16_t selector) {
  __asm__ volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%ss" : : "r"((uint32_t)selector) : "memory");
}

CPU_INLINE void cpu_load_fs(uint16_t selector) { __asm__ volatile("mov %0, %%fs" : : "r"((uint32_t)selector)); }
CPU_INLINE void cpu_load_gs(uint16_t selector) { __asm__ volatile("mov %0, %%gs" : : "r"((uint32_t)selector)); }

#if defined(__x86_64__)
#define CPU_SEGMENT(name)                                                                                     \
  CPU_INLINE uint16_t cpu_read_##name(void) {                                                                 \
    uint32_t value;                                                                                           \
    __asm__ volatile("mov %%" #name ", %0" : "=r"(value));                                                    \
    return (uint16_t)value;                                                                                   \
  }
CPU_SEGMENT(ds)
CPU_SEGMENT(es)
CPU_SEGMENT(fs)
CPU_SEGMENT(gs)
CPU_INLINE void cpu_load_ds(uint16_t selector) { __asm__ volatile("mov %0, %%ds" : : "r"((uint32_t)selector)); }
CPU_INLINE void cpu_load_es(uint16_t selector) { __asm__ volatile("mov %0, %%es" : : "r"((uint32_t)selector)); }
// The program's gs, while gs is the kernel's: interrupts must be off.
CPU_INLINE void cpu_load_program_gs(uint16_t selector) {
  __asm__ volatile("swapgs\n\tmov %0, %%gs\n\tswapgs" : : "r"((uint32_t)selector) : "memory");
}
#endif

// A far return: the only way to load cs that names the target in registers.
CPU_INLINE void cpu_load_code_segment(uint16_t selector) {
#if defined(__x86_64__)
  __asm__ volatile("pushq %0\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:"
                   : : "r"((uint64_t)selector) : "rax", "memory");
#else
  __asm__ volatile("pushl %0\n\tpushl $1f\n\tlretl\n1:" : : "r"((uint32_t)selector) : "memory");
#endif
}

// MARK: Floating point

CPU_INLINE void cpu_clts(void) { __asm__ volatile("clts" : : : "memory"); }

CPU_INLINE void cpu_xsetbv(uint32_t index, uint64_t value) {
  __asm__ volatile("xsetbv" : : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

// The forms with 64-bit instruction pointers on x86_64. The compiler must not know the instructions' registers: it
// has none of them.
#if defined(__x86_64__)
#define CPU_WIDE "64"
#else
#define CPU_WIDE ""
#endif

CPU_INLINE void cpu_fxsave(uintptr_t address) { __asm__ volatile("fxsave" CPU_WIDE " (%0)" : : "r"(address) : "memory"); }
CPU_INLINE void cpu_fxrstor(uintptr_t address) {
  __asm__ volatile("fxrstor" CPU_WIDE " (%0)" : : "r"(address) : "memory");
}
CPU_INLINE void cpu_xsave(uintptr_t address, uint64_t components) {
  __asm__ volatile("xsave" CPU_WIDE " (%0)"
                   : : "r"(address), "a"((uint32_t)components), "d"((uint32_t)(components >> 32)) : "memory");
}
CPU_INLINE void cpu_xrstor(uintptr_t address, uint64_t components) {
  __asm__ volatile("xrstor" CPU_WIDE " (%0)"
                   : : "r"(address), "a"((uint32_t)components), "d"((uint32_t)(components >> 32)) : "memory");
}

// MARK: Threads

// Saves the stack pointer of one thread and goes on with that of another: Kernel/Machine/Arch/*/ContextSwitch.asm. Returns
// when something switches back. To the compiler it is one instruction that destroys every register: it saves just
// those that hold something, where a function would have to save all that its callers may want. Only the frame
// pointer can't be named here and is saved always.
CPU_INLINE void cpu_switch_stack(uintptr_t from, uintptr_t to) {
#if defined(__x86_64__)
  __asm__ volatile("pushq %%rbp\n\tcall switch_stack\n\tpopq %%rbp"
                   : "+D"(from), "+S"(to)
                   :
                   : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", "memory");
#else
  __asm__ volatile("pushl %%ebp\n\tcall switch_stack\n\tpopl %%ebp"
                   : "+a"(from), "+d"(to)
                   :
                   : "ebx", "ecx", "esi", "edi", "cc", "memory");
#endif
}

// Goes on with the program whose registers lie in the trap frame, which is where the thread's stack begins.
CPU_INLINE _Noreturn void cpu_enter_program(uintptr_t frame) {
#if defined(__x86_64__)
  __asm__ volatile("movq %0, %%rsp\n\tjmp interrupt_return" : : "r"(frame) : "memory");
#else
  __asm__ volatile("movl %0, %%esp\n\tjmp interrupt_return" : : "r"(frame) : "memory");
#endif
  __builtin_unreachable();
}

#if defined(__i386__)
// Into a guest and out of it: Kernel/Machine/Arch/I686/WorldSwitch.asm. Returns where the guest's registers were saved.
CPU_INLINE uintptr_t cpu_enter_world(uintptr_t entry, uintptr_t state) {
  __asm__ volatile("pushl %%ebp\n\tcall *%1\n\tpopl %%ebp"
                   : "+a"(state), "+d"(entry)
                   :
                   : "ebx", "ecx", "esi", "edi", "cc", "memory");
  return state;
}

// Enters an interrupt handler as the processor would: it returns by iretd.
CPU_INLINE void cpu_raise(uintptr_t handler) {
  __asm__ volatile("pushfl\n\tpushl %%cs\n\tcall *%0" : : "r"(handler) : "memory", "cc");
}

// Jumps to a task: the processor saves this one in its task-state segment and loads the other (Intel SDM vol. 3,
// 7.3). Goes on here when something jumps back.
CPU_INLINE void cpu_jump_to_task(uint16_t selector) {
  struct __attribute__((packed)) {
    uint32_t offset;  // ignored: the task goes on where it was
    uint16_t selector;
  } target = {0, selector};
  __asm__ volatile("ljmpl *%0" : : "m"(target) : "memory");
}
#endif

#if defined(__i386__)
// Kernel/Guests/Guest/Entry/Jacobi.asm, for the benchmarks' kernel only.
extern void jacobi_steps(uintptr_t from, uintptr_t to, uint32_t count);
#endif

#endif
