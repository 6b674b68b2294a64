// What threads and processes do with each other: a futex as a semaphore, a pipe, a call port.
#include "Peer.h"

static byte stackA[STACK_SIZE] __attribute__((aligned(16)));
static volatile u32 aliveA;

// MARK: Processors

// The processor that the other thread is to run on, if that matters.
static long partner = -1;

static long pin(long processor) {
  word mask = 1ul << processor;
  return call3(CALL_SCHED_SETAFFINITY, 0, sizeof mask, (word)&mask);
}

static void pinPartner(void) {
  if (partner >= 0) pin(partner);
}

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
  pinPartner();
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
  pinPartner();
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

// MARK: Between two processors

static volatile u32 ball __attribute__((aligned(64)));

static void answerBall(void *argument) {
  struct Samples *samples = argument;
  pinPartner();
  for (u32 round = 0; round < samples->wanted; round++) {
    while (ball != 2 * round + 1) {
    }
    ball = 2 * round + 2;
  }
}

// A bare word in a cache line, there and back, by threads that never wait.
static void measureLine(const char *name) {
  struct Samples *samples = newSamples(500);
  ball = 0;
  long thread = threadStart(answerBall, samples, stackA, &aliveA);
  if (thread < 0) return skip(name, "clone", thread);
  // It begins on this processor, and goes to its own.
  call0(CALL_SCHED_YIELD);
  while (!isComplete(samples)) {
    u32 round = samples->count;
    beginSample(samples);
    ball = 2 * round + 1;
    while (ball != 2 * round + 2) {
    }
    endSample(samples);
  }
  threadJoin(&aliveA);
  report(name, samples);
}

// This thread on the first processor, the other on the second: what messages between nodes are compared with.
void measureBetween(void) {
  long error = pin(1);
  if (error >= 0) error = pin(0);
  if (error < 0) return skip("between", "sched_setaffinity", error);
  partner = 1;
  measureLine("between/line-round-trip");
  measureFutexAs("between/futex-round-trip");
  error = call3(CALL_PIPE, (word)thither, 0, 0);
  if (error >= 0) error = call3(CALL_PIPE, (word)hither, 0, 0);
  if (error < 0) {
    skip("between/pipe-round-trip-8", "pipe", error);
  } else {
    measurePipeOf("between/pipe-round-trip-8", 8);
    for (int end = 0; end < 2; end++) {
      call3(CALL_CLOSE, (word)thither[end], 0, 0);
      call3(CALL_CLOSE, (word)hither[end], 0, 0);
    }
  }
  partner = -1;
}

// MARK: Call and reply, of Apus alone

static byte sent[64] __attribute__((aligned(64))), received[64] __attribute__((aligned(64)));

// Memory for a message that the kernel has too, as Apus offers it: shared, and a word for the kernel before it.
static byte *shareMessage(void) {
  byte *page = pages(4096, 1);
  if (!page) return 0;
  byte *message = page + 64;
  return call3(CALL_PORT_AREA, (word)message - sizeof(word), 0, 0) == 0 ? message : 0;
}

// Answers each call with the same bytes, the first of them 1 more.
static void answerPort(word port, word bytes, byte *message) {
  long call = portCall(CALL_PORT_RECEIVE, port, 0, 0, (word)message, 64);
  while (call >= 0) {
    message[0]++;
    call = portCall(CALL_PORT_REPLY, port, (word)message, bytes, (word)message, 64);
  }
}

static void measurePortOf(const char *name, word bytes, int isShared) {
  struct Samples *samples = newSamples(1000);
  // The child serves, so it opens the port, and tells its number in memory that both have.
  volatile word *number = pages(4096, 1);
  if (!number) return skip(name, "mmap", -12);
  long child = call0(CALL_FORK);
  if (child < 0) return skip(name, "fork", child);
  if (child == 0) {
    *number = (word)call3(CALL_PORT_OPEN, 0, 0, 0);
    byte *message = isShared ? shareMessage() : received;
    if ((long)*number > 0 && message) answerPort(*number, bytes, message);
    leave(0);
  }
  while (*number == 0) call0(CALL_SCHED_YIELD);
  if ((long)*number < 0) {
    call4(CALL_WAIT4, (word)child, 0, 0, 0);
    return skip(name, "port_open", (long)*number);
  }
  word port = *number;
  call0(CALL_SCHED_YIELD);
  byte *message = isShared ? shareMessage() : sent;
  if (!message) return skip(name, "port_area", -22);
  byte *answer = isShared ? message : received;
  long wrong = 0;
  while (!isComplete(samples) && !wrong) {
    byte first = (byte)samples->count;
    for (word index = 0; index < 64; index++) message[index] = (byte)(first + index);
    beginSample(samples);
    long result = portCall(CALL_PORT_CALL, port, (word)message, bytes, (word)answer, 64);
    endSample(samples);
    if (result != (long)bytes) wrong = -5;
    for (word index = 0; index < bytes; index++)
      if (answer[index] != (byte)(first + index + (index == 0))) wrong = -5;
  }
  call3(CALL_KILL, (word)child, 9, 0);
  call4(CALL_WAIT4, (word)child, 0, 0, 0);
  if (wrong) return skip(name, "port_call", wrong);
  report(name, samples);
}

void measurePorts(void) {
  measurePortOf("port/call-reply-0", 0, 1);
  measurePortOf("port/call-reply-64", 64, 1);
  measurePortOf("port/copied-0", 0, 0);
  measurePortOf("port/copied-64", 64, 0);
}
