// What a thread costs a program with a C library: pthread_create and pthread_join of musl, on Apus and on Linux.
//
// The peer's program runs it as a child, and it prints records as that does (Tools/Bench/SampleReader.swift).
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

enum { COUNT = 500, WARM_UP = 20 };

static unsigned samples[COUNT];

static void *nothing(void *argument) { return argument; }

static int createAndJoin(void) {
  pthread_t thread;
  return pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL);
}

// Without stdio: its numbers of 64 bits would need a library of the compiler's on i386.
static void put(const char *text) {
  if (write(1, text, strlen(text)) < 0) _exit(2);
}

static void putNumber(unsigned value) {
  char digits[12] = {0};
  int at = 11;
  do digits[--at] = (char)('0' + value % 10);
  while ((value /= 10));
  put(digits + at);
}

int main(void) {
  for (int index = 0; index < WARM_UP; index++)
    if (createAndJoin()) return 1;
  for (int index = 0; index < COUNT; index++) {
    unsigned begin = (unsigned)__rdtsc();
    if (createAndJoin()) return 1;
    samples[index] = (unsigned)__rdtsc() - begin;
  }
  for (int index = 0; index < COUNT; index++) {
    if (index % 16 == 0) put("bench 1 pthread/create-join:");
    put(" ");
    putNumber(samples[index]);
    if (index % 16 == 15 || index == COUNT - 1) put("\n");
  }
  put("bench 1 pthread/create-join end ");
  putNumber(COUNT);
  put("\n");
  return 0;
}
