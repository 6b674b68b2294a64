// Addresses that the linker script or an assembly file defines.
//
// Swift cannot name the address of a symbol that is not a function of its own; these give it as a number.

#ifndef LINKERSYMBOLS_H
#define LINKERSYMBOLS_H

#include <stdint.h>

// On i686 the address is the operand of one instruction. Left to itself, the compiler would take it relative to the
// code, for which it needs three instructions and a register in every function.
#if defined(__i386__)
#define LINKER_SYMBOL(name)                                                       \
  static inline __attribute__((always_inline)) uintptr_t symbol_##name(void) {    \
    uintptr_t address;                                                            \
    __asm__("movl $" #name ", %0" : "=r"(address));                               \
    return address;                                                               \
  }
#else
#define LINKER_SYMBOL(name)                                       \
  extern char name[] __attribute__((visibility("hidden"))); \
  static inline __attribute__((always_inline)) uintptr_t symbol_##name(void) { return (uintptr_t)name; }
#endif

// Boot/Link/*.ld
LINKER_SYMBOL(text_start)
LINKER_SYMBOL(text_end)
LINKER_SYMBOL(rodata_start)
LINKER_SYMBOL(rodata_end)
LINKER_SYMBOL(data_start)
LINKER_SYMBOL(data_end)
LINKER_SYMBOL(boot_tables_end)
LINKER_SYMBOL(boot_stack_guard)
LINKER_SYMBOL(boot_stack)
LINKER_SYMBOL(boot_stack_top)
LINKER_SYMBOL(fault_stack_guard)
LINKER_SYMBOL(fault_stack_top)
LINKER_SYMBOL(nmi_stack_guard)
LINKER_SYMBOL(nmi_stack_top)
LINKER_SYMBOL(processor_block)
LINKER_SYMBOL(node_storage)
LINKER_SYMBOL(node_storage_end)
LINKER_SYMBOL(boot_ticks)
LINKER_SYMBOL(boot_rate)
LINKER_SYMBOL(idle_thread)

// Kernel/Machine/Arch/*/Interrupts.asm
LINKER_SYMBOL(interrupt_stub_table)
LINKER_SYMBOL(interrupt_return)
LINKER_SYMBOL(interrupt_access_sites)
// Kernel/Machine/Arch/*/UserCopy.asm
LINKER_SYMBOL(user_copy_sites)
LINKER_SYMBOL(user_copy_faults)
// Kernel/Machine/Arch/*/SystemCalls.asm
LINKER_SYMBOL(call_access_sites)
LINKER_SYMBOL(system_call_interrupt)
LINKER_SYMBOL(system_call_sysenter)
LINKER_SYMBOL(sysenter_stack_top)
LINKER_SYMBOL(system_call_page)
LINKER_SYMBOL(system_call_page_return)
LINKER_SYMBOL(system_call_page_end)
LINKER_SYMBOL(interrupt_call_page)
LINKER_SYMBOL(interrupt_call_page_end)
#if defined(__i386__)
// Kernel/Machine/Arch/I686/WorldSwitch.asm
LINKER_SYMBOL(world_switch_start)
LINKER_SYMBOL(world_switch_end)
LINKER_SYMBOL(world_enter)
LINKER_SYMBOL(world_stub_table)
#else
LINKER_SYMBOL(system_call_instruction)
LINKER_SYMBOL(system_call_compatible)
#endif
// Kernel/Machine/Arch/*/ContextSwitch.asm
LINKER_SYMBOL(thread_start)
#if defined(__i386__)
LINKER_SYMBOL(nmi_task_entry)
LINKER_SYMBOL(double_fault_task_entry)
#endif

#undef LINKER_SYMBOL
#endif
