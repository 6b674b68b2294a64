// Processor affinity, whose macros and declarations Swift does not see.

#define _GNU_SOURCE
#include "CSeccomp.h"
#include <errno.h>

#ifdef __linux__
#include <sched.h>

static cpu_set_t previous;
static int is_narrow;

int processor_count(void) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  int count = CPU_COUNT(&allowed);
  return count > 0 ? count : 1;
}

int processor_narrow(void) {
  if (sched_getaffinity(0, sizeof previous, &previous) != 0) return errno;
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int number = 0; number < CPU_SETSIZE; number++) {
    if (!CPU_ISSET(number, &previous)) continue;
    CPU_SET(number, &one);
    break;
  }
  if (sched_setaffinity(0, sizeof one, &one) != 0) return errno;
  is_narrow = 1;
  return 0;
}

void processor_restore(void) {
  if (is_narrow) sched_setaffinity(0, sizeof previous, &previous);
  is_narrow = 0;
}

#else

int processor_count(void) { return 1; }
int processor_narrow(void) { return ENOSYS; }
void processor_restore(void) {}

#endif
