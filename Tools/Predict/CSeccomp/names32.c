// Names and numbers of the calls that a 64-bit x86 kernel takes from 32-bit code: i386 programs and `int 0x80`.
//
// A file of its own, for the two headers of numbers define the same names. asm/unistd_32.h comes with the C
// library's headers (linux-libc-dev); without it such calls have no numbers here and pass undelayed.

#include "CSeccomp.h"
#include <stddef.h>

#if defined(__linux__) && defined(__x86_64__) && !defined(__ILP32__) && __has_include(<asm/unistd_32.h>)
#include <asm/unistd_32.h>
#include <linux/audit.h>

#define CALL(name) {#name, __NR_##name},

static const struct seccomp_call calls[] = {
#include "call_names.h"
};

const char *seccomp_compatible_call_name(int index, int *number) {
  if (index < 0 || (size_t)index >= sizeof calls / sizeof calls[0]) return NULL;
  *number = calls[index].number;
  return calls[index].name;
}

uint32_t seccomp_compatible_architecture(void) { return AUDIT_ARCH_I386; }

#else

const char *seccomp_compatible_call_name(int index, int *number) { return NULL; }
uint32_t seccomp_compatible_architecture(void) { return 0; }

#endif
