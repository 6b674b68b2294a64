// What a guest's Swift cannot say: calls of its host, addresses of the linker, and what it shares with assembly.

#ifndef CGUEST_H
#define CGUEST_H

#include <stdint.h>

#define GUEST_INLINE static inline __attribute__((always_inline))

// A call of the host: the number in eax, the arguments in ebx, ecx, edx, esi; nothing comes back.
GUEST_INLINE void guest_call(uint32_t number, uint32_t first, uint32_t second, uint32_t third, uint32_t fourth) {
  __asm__ volatile("int $0x1f" : "+a"(number) : "b"(first), "c"(second), "d"(third), "S"(fourth) : "memory");
}

// What a trap leaves on the stack: Kernel/Guests/Guest/Entry/Traps.asm pushes it in this order.
struct guest_frame {
  uint32_t es, ds;
  uint32_t edi, esi, ebp, unused, ebx, edx, ecx, eax;
  uint32_t vector, error;
  uint32_t eip, cs, eflags;
  uint32_t esp, ss;  // only if ring 3 was left
};

// What traps and interrupts leave behind; the first two words are Traps.asm's.
struct guest_state {
  uint32_t recovery_stack;  // where guest_attempt left the stack
  uint32_t is_armed;        // a trap goes back to guest_attempt
  uint32_t vector, error, address, eflags, cs, fault_address;  // of the last trap
  uint32_t traps;
  uint32_t system_calls, system_call_number;
  uint32_t interrupts[32];
  uint32_t interrupt_tick;   // the counter when the last interrupt began
  uint32_t in_window;        // interrupts that came where none may
  uint32_t enabled_in_handler;  // the shared page's word when the last trap's handler began
  uint32_t next_page;        // of the pages that are given out
  uint32_t line_count;
  uint32_t random_low, random_high;
  uint32_t ring_cursor;
  uint32_t repeat_delta;     // nanoseconds after which the clock is set again, or 0
  uint32_t first_vector;     // of the first interrupt since it was set to 0
  uint32_t console;          // the descriptor of the terminal's device, physical, or 0: lines are shown by NOTIFY
};

extern struct guest_state guest_state;
GUEST_INLINE struct guest_state *guest_state_address(void) { return &guest_state; }
GUEST_INLINE uintptr_t guest_interrupt_count(uint32_t line) { return (uintptr_t)&guest_state.interrupts[line]; }

// Calls code at an address; returns 0 if it returned and 1 if a trap ended it.
extern uint32_t guest_attempt(uint32_t code);
// Where a trap goes on that ended an attempt.
extern void guest_recover(void);
// Runs code at an address in ring 3 on a stack, until a system call 1 or a trap; interrupts are on.
extern uint32_t guest_run_program(uint32_t code, uint32_t stack);

// Ways to go wrong: a trap with the stack at probe_address, a system call of the kernel's own, a segment register.
extern void guest_lose_stack(void);
extern void guest_interrupt_80(void);
extern void guest_load_segment(uint32_t which, uint32_t selector);

// A store, a call of the host and a port, each between two readings of the counter: how many ticks it took.
extern uint32_t probe_measure_store(uint32_t address);
extern uint32_t probe_measure_call(uint32_t number, uint32_t first);
extern uint32_t probe_measure_port(void);

// What probe_read, probe_write, probe_jump and probe_segment of Kernel/Guests/Guest/Entry/Instructions.asm work on.
extern uint32_t probe_address, probe_value, probe_selector;
GUEST_INLINE void probe_set(uint32_t selector, uint32_t address, uint32_t value) {
  probe_selector = selector;
  probe_address = address;
  probe_value = value;
}
GUEST_INLINE uint32_t probe_result(void) { return *(volatile uint32_t *)&probe_value; }

// The address of a symbol.
#define GUEST_SYMBOL(name)                                \
  GUEST_INLINE uintptr_t symbol_##name(void) {            \
    uintptr_t address;                                    \
    __asm__("movl $" #name ", %0" : "=r"(address));       \
    return address;                                       \
  }

GUEST_SYMBOL(guest_data)
GUEST_SYMBOL(guest_root)
GUEST_SYMBOL(guest_tables)
GUEST_SYMBOL(guest_line)
GUEST_SYMBOL(guest_end)
GUEST_SYMBOL(guest_stack_top)
GUEST_SYMBOL(guest_trap_stack_top)
GUEST_SYMBOL(guest_trap_table)
GUEST_SYMBOL(guest_recover)
GUEST_SYMBOL(guest_no_interrupt_start)
GUEST_SYMBOL(guest_no_interrupt_end)
GUEST_SYMBOL(probe_instructions)
GUEST_SYMBOL(probe_programs)
GUEST_SYMBOL(probe_use_fpu)
GUEST_SYMBOL(probe_host_segment)
GUEST_SYMBOL(probe_exit)
GUEST_SYMBOL(probe_undefined)
GUEST_SYMBOL(probe_read)
GUEST_SYMBOL(probe_write)
GUEST_SYMBOL(probe_jump)
GUEST_SYMBOL(probe_segment)

#endif
