// Calls of Linux for i386, and requests of /dev/rcce (Docs/messages.md), for programs without a library.
#pragma once

typedef unsigned int word;

static int call(int number, int a, int b, int c) {
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}

enum { exit_call = 1, write_call = 4, open_call = 5, ioctl_call = 54, yield_call = 158 };
enum { begin, post_send, post_receive, test, test_any, cancel, barrier, lock, unlock, put, get, join };

static int device;
static word arguments[8];

static int ask(int request, word first, word second, word size, void *place) {
  arguments[0] = first;
  arguments[1] = second;
  arguments[2] = size;
  arguments[3] = (word)place;
  arguments[4] = 0;
  return call(ioctl_call, device, 0x5200 | request, (int)arguments);
}

// Asks until the answer is not 0 (and not "again", for the beginning).
static int wait(int request, word first) {
  for (;;) {
    int result = ask(request, first, 0, 0, 0);
    if (result != 0 && result != -11) return result;
    call(yield_call, 0, 0, 0);
  }
}
