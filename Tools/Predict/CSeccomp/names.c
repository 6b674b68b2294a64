// Names and numbers of system calls, from the headers this was compiled with.

#include "CSeccomp.h"
#include <stddef.h>

#ifdef __linux__
#include <asm/unistd.h>

#define CALL(name) {#name, __NR_##name},

static const struct seccomp_call calls[] = {
#include "call_names.h"
};

const char *seccomp_call_name(int index, int *number) {
  if (index < 0 || (size_t)index >= sizeof calls / sizeof calls[0]) return NULL;
  *number = calls[index].number;
  return calls[index].name;
}

#else

const char *seccomp_call_name(int index, int *number) { return NULL; }

#endif
