// Who runs: giving way, waking up, losing the processor to the timer.
#include "Peer.h"

static byte stackA[STACK_SIZE] __attribute__((aligned(16))), stackB[STACK_SIZE] __attribute__((aligned(16)));
static volatile u32 aliveA, aliveB;

// MARK: Yield

// A sample is from one thread's call to another's return.
static void yieldUntilComplete(void *argument) {
  struct Samples *samples = argument;
  while (!isComplete(samples)) {
    beginSample(samples);
    call0(CALL_SCHED_YIELD);
    endSample(samples);
  }
}

void measureYields(void) {
  struct Samples *samples = newSamples(1000);
  long thread = threadStart(yieldUntilComplete, samples, stackA, &aliveA);
  if (thread < 0) {
    skip("yield/same-space", "clone", thread);
  } else {
    yieldUntilComplete(samples);
    threadJoin(&aliveA);
    report("yield/same-space", samples);
  }

  samples = newSamples(1000);
  long child = call0(CALL_FORK);
  if (child < 0) return skip("yield/other-space", "fork", child);
  yieldUntilComplete(samples);
  if (child == 0) leave(0);
  call4(CALL_WAIT4, (word)child, 0, 0, 0);
  report("yield/other-space", samples);
}

// MARK: Wake-up

// Reads the counter until somebody more urgent has taken all samples.
static void readUntilComplete(void *argument) {
  setPriority(IN_ORDER, 40);
  struct Samples *samples = argument;
  while (!isComplete(samples)) beginSample(samples);
}

// A sample is from the last reading before the timer's interrupt to the sleeper's return.
void measureWakeUp(void) {
  struct Samples *samples = newSamples(500);
  long thread = threadStart(readUntilComplete, samples, stackA, &aliveA);
  if (thread < 0) return skip("wake/interrupt-to-thread", "clone", thread);
  while (!isComplete(samples)) {
    // Seconds and nanoseconds; CLOCK_MONOTONIC, relative.
    long time[2] = {0, 50000};
    long error = call4(CALL_CLOCK_NANOSLEEP, 1, 0, (word)time, 0);
    if (error < 0) {
      samples->count = samples->wanted;
      threadJoin(&aliveA);
      return skip("wake/interrupt-to-thread", "clock_nanosleep", error);
    }
    endSample(samples);
  }
  threadJoin(&aliveA);
  report("wake/interrupt-to-thread", samples);
}

// MARK: Hourglass

// How many turns of `spin` take most of a slice, and how long a slice is; 0 while that is being learnt.
static volatile u32 quietTurns, slice;
// When the thread that runs was given the processor.
static volatile u32 turnBegan;

// Counts down. An emulator has nothing to do for instructions that do nothing, however many: time goes by cheaply.
static inline void spin(u32 turns) {
  __asm__ volatile("1:\n\t.rept 398\n\tnop\n\t.endr\n\tdec %0\n\tjnz 1b" : "+r"(turns));
}

// What both hourglasses share: the samples, and each one's last reading.
static struct Samples *gaps;
static volatile u32 lastReading[2];

// Reads the counter without end. If the other was the last to run, its last reading was the end of its slice, and now
// one begins. Who ran last is looked at before the counter is read: an interrupt between the two makes the gap a turn
// of the loop longer, and never loses or invents one.
//
// For most of its slice a thread only counts down, because an emulator takes far longer to read the counter: the
// reading begins well before the next tick can come.
static void hourglass(void *argument) {
  setPriority(IN_TURNS, 45);
  const u32 self = (u32)(word)argument;
  for (;;) {
    u32 writer = gaps->writer;
    if (writer != self) {
      u32 now = ticks(), gap = now - lastReading[2 - self], turn = now - turnBegan;
      if (writer != 0 && slice == 0) addSample(gaps, turn);
      if (writer != 0 && gap < slice / 2) addSample(gaps, gap);
      // Before the end too: the other looks for it only when it sees that it was interrupted.
      gaps->writer = self;
      turnBegan = now;
      if (isComplete(gaps)) return;
      if (quietTurns) spin(quietTurns);
    }
    lastReading[self - 1] = ticks();
  }
}

// Runs the hourglass in two new threads: the slices of an old one may be as long as they were when it was made.
static long turnHourglass(struct Samples *samples) {
  gaps = samples;
  long first = threadStart(hourglass, (void *)1, stackA, &aliveA);
  if (first < 0) return first;
  long second = threadStart(hourglass, (void *)2, stackB, &aliveB);
  if (second < 0) {
    // Without company the first would never end.
    samples->count = samples->wanted;
    samples->writer = 2;
  }
  threadJoin(&aliveA);
  if (second < 0) return second;
  threadJoin(&aliveB);
  return 0;
}

void measureHourglass(void) {
  enum { LEARNT = 5 };
  struct Samples *samples = newSamples(LEARNT);
  slice = quietTurns = 0;
  u32 begin = ticks();
  spin(1000);
  u32 turnTicks = (ticks() - begin) / 1000 + 1;
  long error = turnHourglass(samples);
  if (error < 0) return skip("hourglass", "clone", error);
  // The median: a host may have held up one or two.
  for (int place = 0; place <= LEARNT / 2; place++) {
    for (int other = place + 1; other < LEARNT; other++) {
      u32 value = samples->values[place];
      if (samples->values[other] >= value) continue;
      samples->values[place] = samples->values[other];
      samples->values[other] = value;
    }
  }
  slice = samples->values[LEARNT / 2];
  quietTurns = slice / 10 * 8 / turnTicks;
  samples = newSamples(2000);
  turnHourglass(samples);
  report("hourglass", samples);
}
