// The processor's tick counter, read by an instruction that programs may use as well as kernels.
//
// It stands apart from CMachine because modules that are tested on the host record times too, and there it works as it
// does on the bare machine.

#ifndef CTICKS_H
#define CTICKS_H

#include <stdint.h>

// The two halves as the instruction leaves them: joining them would cost two instructions more.
typedef struct {
  uint32_t low, high;
} ticks_halves;

static inline __attribute__((always_inline)) ticks_halves ticks_read(void) {
  ticks_halves ticks;
#if defined(__x86_64__) || defined(__i386__)
  __asm__ volatile("rdtsc" : "=a"(ticks.low), "=d"(ticks.high));
#elif defined(__aarch64__)
  uint64_t value;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
  ticks.low = (uint32_t)value;
  ticks.high = (uint32_t)(value >> 32);
#else
#error "no tick counter is known for this processor"
#endif
  return ticks;
}

#endif
