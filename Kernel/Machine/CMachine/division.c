// Division of 64-bit numbers on a 32-bit processor: the helpers that the compiler calls on i686.
//
// A divisor of 32 bits takes two `div` instructions (Knuth, TAOCP vol. 2, 4.3.1, one-digit case); a wider one
// takes the schoolbook loop of shift and subtract, which only start-up and reports ever reach.

#if defined(__i386__)

#include <stdint.h>

static uint64_t divide(uint64_t dividend, uint64_t divisor, uint64_t *remainder) {
  if (divisor >> 32 == 0) {
    uint32_t small = (uint32_t)divisor, high = (uint32_t)(dividend >> 32), low = (uint32_t)dividend;
    uint32_t quotient_high = high / small, rest = high % small, quotient_low;
    __asm__("divl %4" : "=a"(quotient_low), "=d"(rest) : "0"(low), "1"(rest), "r"(small));
    *remainder = rest;
    return (uint64_t)quotient_high << 32 | quotient_low;
  }
  uint64_t quotient = 0, rest = 0;
  for (int bit = 63; bit >= 0; bit--) {
    rest = rest << 1 | (dividend >> bit & 1);
    if (rest >= divisor) {
      rest -= divisor;
      quotient |= 1ull << bit;
    }
  }
  *remainder = rest;
  return quotient;
}

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor) {
  uint64_t remainder;
  return divide(dividend, divisor, &remainder);
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor) {
  uint64_t remainder;
  divide(dividend, divisor, &remainder);
  return remainder;
}

// The quotient of signed division is truncated towards zero, and the remainder has the dividend's sign.
int64_t __divdi3(int64_t dividend, int64_t divisor) {
  uint64_t remainder;
  uint64_t quotient = divide(dividend < 0 ? -(uint64_t)dividend : (uint64_t)dividend,
                             divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor, &remainder);
  return (dividend < 0) != (divisor < 0) ? -(int64_t)quotient : (int64_t)quotient;
}

int64_t __moddi3(int64_t dividend, int64_t divisor) {
  uint64_t remainder;
  divide(dividend < 0 ? -(uint64_t)dividend : (uint64_t)dividend,
         divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor, &remainder);
  return dividend < 0 ? -(int64_t)remainder : (int64_t)remainder;
}

#endif
