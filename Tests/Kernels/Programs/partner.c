// The other side of units.c: a program of another node that is this node's unit in a session which units.c begins.
//
// It meets all others at the barrier, takes 20 messages from anybody and sends each back with 1 added to every byte, and
// says what it did: on a node without a console the first node shows it. Ends with the check that failed, or 0.
#include "Unit.h"

static int work(void) {
  static unsigned char message[64];
  device = call(open_call, (int)"/dev/rcce", 2, 0);
  if (device < 0) return 1;
  static const char ready[] = "partner: ready\n";
  call(write_call, 1, (int)ready, sizeof ready - 1);
  int all = wait(join, 0);
  if (all < 0) return 2;
  if (wait(barrier, 0) != 1) return 3;
  for (int round = 0; round < 20; round++) {
    int receiving = ask(post_receive, 255, 0, 64, message);
    if (receiving < 0 || wait(test, (word)receiving) != 1) return 4;
    word from = arguments[7];
    for (int i = 0; i < 64; i++) message[i]++;
    int sending = ask(post_send, from, 0, 64, message);
    if (sending < 0 || wait(test, (word)sending) != 1) return 5;
  }
  return 0;
}

void _start(void) {
  int status = work();
  static const char good[] = "partner: 20 messages answered\n";
  if (status == 0) call(write_call, 1, (int)good, sizeof good - 1);
  call(exit_call, status, 0, 0);
  for (;;) {
  }
}
