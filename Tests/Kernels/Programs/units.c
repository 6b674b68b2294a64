// A static program of Linux for i386 that uses /dev/rcce: a barrier with all other units, messages to each and back, a
// wildcard receive, put and get, and locks. Runs on both kernels; prints one line and ends with the number of the check
// that failed, or 0.

#include "Unit.h"

static int work(void) {
  static unsigned char out[64], in[64], bytes[4096], back[4096];
  device = call(open_call, (int)"/dev/rcce", 2, 0);
  if (device < 0) return 1;
  int all = wait(begin, 0);
  if (all < 0) return 2;
  int me = all & 0xFF, count = all >> 8;
  if (count < 2) return 3;
  if (wait(barrier, 0) != 1) return 4;
  for (int peer = 0; peer < count; peer++) {
    if (peer == me) continue;
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < 64; i++) out[i] = (unsigned char)(i * 3 + round + peer);
      int sending = ask(post_send, (word)peer, 0, 64, out);
      int receiving = ask(post_receive, 255, 0, 64, in);
      if (sending < 0 || receiving < 0) return 5;
      // A wait list: both, in whatever order they are over.
      word list = 1u << sending | 1u << receiving;
      while (list != 0) {
        int over = wait(test_any, list);
        if (over < 0) return 6;
        if (over - 1 == receiving && arguments[7] != (word)peer) return 7;
        list &= ~(1u << (over - 1));
      }
      for (int i = 0; i < 64; i++)
        if (in[i] != (unsigned char)(out[i] + 1)) return 8;
    }
    for (int i = 0; i < 4096; i++) bytes[i] = (unsigned char)(i * 5 + peer);
    if (ask(put, (word)peer, 0, 4096, bytes) != 4096) return 9;
    if (ask(get, (word)peer, 0, 4096, back) != 4096) return 10;
    for (int i = 0; i < 4096; i++)
      if (bytes[i] != back[i]) return 11;
    if (wait(lock, (word)peer) != 1) return 12;
    if (ask(lock, (word)peer, 0, 0, 0) != 0) return 13;
    if (ask(unlock, (word)peer, 0, 0, 0) != 1) return 14;
  }
  // What is refused: no such unit, an address that is the kernel's, bytes past the buffer's end, no such request.
  if (ask(post_send, 200, 0, 64, out) != -22) return 15;
  if (ask(put, 0, 0, 64, (void *)0xF0000000) != -14) return 16;
  if (ask(put, 0, 4095, 64, out) != -22) return 17;
  if (ask(test, 9, 0, 0, 0) != -22) return 18;
  return 0;
}

void _start(void) {
  int status = work();
  static const char good[] = "units: all checked\n";
  if (status == 0) call(write_call, 1, (int)good, sizeof good - 1);
  call(exit_call, status, 0, 0);
  for (;;) {
  }
}
