// What compiled code of i386 calls for divisions of 64 bits; the toolchain has such a library for x86_64 alone.
//
// Long division, a bit at a time: slow, obvious, and small.

#ifdef __i386__

typedef unsigned long long wide;

static wide divide(wide dividend, wide divisor, wide *rest) {
  wide quotient = 0, remainder = 0;
  for (int bit = 63; bit >= 0; bit--) {
    int carry = remainder >> 63;
    remainder = remainder << 1 | (dividend >> bit & 1);
    if (carry || remainder >= divisor) {
      remainder -= divisor;
      quotient |= 1ULL << bit;
    }
  }
  *rest = remainder;
  return quotient;
}

wide __udivdi3(wide dividend, wide divisor) {
  wide rest;
  return divide(dividend, divisor, &rest);
}

wide __umoddi3(wide dividend, wide divisor) {
  wide rest;
  divide(dividend, divisor, &rest);
  return rest;
}

wide __udivmoddi4(wide dividend, wide divisor, wide *rest) {
  wide remainder, quotient = divide(dividend, divisor, &remainder);
  if (rest) *rest = remainder;
  return quotient;
}

static wide magnitude(long long value) { return value < 0 ? 0 - (wide)value : (wide)value; }

long long __divdi3(long long dividend, long long divisor) {
  wide rest, quotient = divide(magnitude(dividend), magnitude(divisor), &rest);
  return (long long)((dividend < 0) != (divisor < 0) ? 0 - quotient : quotient);
}

long long __moddi3(long long dividend, long long divisor) {
  wide rest;
  divide(magnitude(dividend), magnitude(divisor), &rest);
  return (long long)(dividend < 0 ? 0 - rest : rest);
}

long long __divmoddi4(long long dividend, long long divisor, long long *rest) {
  *rest = __moddi3(dividend, divisor);
  return __divdi3(dividend, divisor);
}

#endif
