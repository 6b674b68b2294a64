// What threads do with each other: a futex as a semaphore, a pipe.
#include "Peer.h"

static byte stackA[STACK_SIZE] __attribute__((aligned(16)));
static volatile u32 aliveA;

// MARK: Semaphore

static volatile u32 there, back;

static inline void signalOne(volatile u32 *semaphore) {
  *semaphore = 1;
  call4(CALL_FUTEX, (word)semaphore, FUTEX_WAKE, 1, 0);
}

static inline void waitForOne(volatile u32 *semaphore) {
  while (*semaphore == 0) call4(CALL_FUTEX, (word)semaphore, FUTEX_WAIT, 0, 0);
  *semaphore = 0;
}

static void answerSemaphore(void *argument) {
  struct Samples *samples = argument;
  for (u32 index = 0; index < samples->wanted; index++) {
    waitForOne(&there);
    signalOne(&back);
  }
}

static void measureFutexAs(const char *name) {
  struct Samples *samples = newSamples(1000);
  there = back = 0;
  long thread = threadStart(answerSemaphore, samples, stackA, &aliveA);
  if (thread < 0) return skip(name, "clone", thread);
  call0(CALL_SCHED_YIELD);
  while (!isComplete(samples)) {
    beginSample(samples);
    signalOne(&there);
    waitForOne(&back);
    endSample(samples);
  }
  threadJoin(&aliveA);
  report(name, samples);
}

void measureFutex(void) { measureFutexAs("semaphore/round-trip"); }
void measureFutexAlone(void) { measureFutexAs("futex/round-trip"); }

// MARK: Pipe

static int thither[2], hither[2];
static word messageSize;

static void answerPipe(void *argument) {
  struct Samples *samples = argument;
  byte message[16];
  for (u32 index = 0; index < samples->wanted; index++) {
    call3(CALL_READ, (word)thither[0], (word)message, messageSize);
    call3(CALL_WRITE, (word)hither[1], (word)message, messageSize);
  }
}

static void measurePipeOf(const char *name, word size) {
  struct Samples *samples = newSamples(1000);
  messageSize = size;
  byte message[16] = {0};
  long thread = threadStart(answerPipe, samples, stackA, &aliveA);
  if (thread < 0) return skip(name, "clone", thread);
  call0(CALL_SCHED_YIELD);
  while (!isComplete(samples)) {
    beginSample(samples);
    call3(CALL_WRITE, (word)thither[1], (word)message, size);
    call3(CALL_READ, (word)hither[0], (word)message, size);
    endSample(samples);
  }
  threadJoin(&aliveA);
  report(name, samples);
}

// The same between two processes.
static void measurePipeOfProcesses(const char *name) {
  struct Samples *samples = newSamples(1000);
  messageSize = 1;
  byte message[1] = {0};
  long child = call0(CALL_FORK);
  if (child < 0) return skip(name, "fork", child);
  if (child == 0) {
    answerPipe(samples);
    leave(0);
  }
  call0(CALL_SCHED_YIELD);
  while (!isComplete(samples)) {
    beginSample(samples);
    call3(CALL_WRITE, (word)thither[1], (word)message, 1);
    call3(CALL_READ, (word)hither[0], (word)message, 1);
    endSample(samples);
  }
  call4(CALL_WAIT4, (word)child, 0, 0, 0);
  report(name, samples);
}

void measurePipe(void) {
  long error = call3(CALL_PIPE, (word)thither, 0, 0);
  if (error >= 0) error = call3(CALL_PIPE, (word)hither, 0, 0);
  if (error < 0) return skip("pipe", "pipe", error);
  measurePipeOf("pipe/round-trip-1", 1);
  measurePipeOf("pipe/round-trip-16", 16);
  measurePipeOfProcesses("pipe/processes-round-trip-1");
  for (int end = 0; end < 2; end++) {
    call3(CALL_CLOSE, (word)thither[end], 0, 0);
    call3(CALL_CLOSE, (word)hither[end], 0, 0);
  }
}
