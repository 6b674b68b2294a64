// The measurements, and where their samples go.
#pragma once

#include "System.h"


enum { MAXIMUM_SAMPLES = 2000 };

// Samples that threads and processes share.
struct Samples {
  volatile u32 count, wanted;
  // When the operation under way began.
  volatile u32 since;
  // Who wrote `since` last; for the hourglass.
  volatile u32 writer;
  u32 values[MAXIMUM_SAMPLES];
};

// Empties the one table of samples there is, in memory that children share.
struct Samples *newSamples(u32 wanted);

static inline void addSample(struct Samples *samples, u32 value) {
  u32 index = samples->count;
  if (index >= samples->wanted) return;
  samples->values[index] = value;
  samples->count = index + 1;
}
static inline void beginSample(struct Samples *samples) { samples->since = ticks(); }
static inline void endSample(struct Samples *samples) { addSample(samples, ticks() - samples->since); }
static inline int isComplete(struct Samples *samples) { return samples->count >= samples->wanted; }

// Prints samples as records that Tools/Bench/SampleReader.swift reads.
void report(const char *name, struct Samples *samples);
// Prints that a measurement is not possible here, with the number of the error.
void skip(const char *name, const char *what, long error);

// The whole program; returns its status.
int measure(int count, char **arguments);

// The measurements, by group.
void measureCalls(void);
void measureYields(void);
void measureWakeUp(void);
void measureHourglass(void);
void measureFutex(void);
void measureFutexAlone(void);
void measurePipe(void);
void measureBetween(void);
void measurePorts(void);
void measureThreads(void);
void measureThreadsAlone(void);
void measureProcesses(void);
void measureFiles(void);

// What the kernel has told at the program's start, or 0; see getauxval(3).
word auxiliary(word kind);
void measurePthreads(void);
void measureMemory(void);
void measureExecution(void);
