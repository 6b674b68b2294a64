// What another kernel costs: the measurements of Apus's own benchmark kernel, made by a program on Linux.
//
// As the first process of a machine it sets the machine up, measures the groups that its arguments name (all without
// any), and ends the machine as Apus does, by the ports of Kernel/Foundation/ABI/Verdict.swift. As any other process it measures
// and ends. It needs no library and no file.
#include "Peer.h"

static struct Samples *table;

struct Samples *newSamples(u32 wanted) {
  if (!table) table = pages(sizeof *table, 1);
  if (!table) leave(2);
  // Every page is touched now: a page fault shall be in no sample.
  memset(table, 0, sizeof *table);
  table->wanted = wanted < MAXIMUM_SAMPLES ? wanted : MAXIMUM_SAMPLES;
  return table;
}

// MARK: Output

static char line[256];
static word used;

static void flush(void) {
  for (word done = 0; done < used;) {
    long written = call3(CALL_WRITE, 1, (word)line + done, used - done);
    if (written <= 0) break;
    done += (word)written;
  }
  used = 0;
}

static void put(const char *text) {
  while (*text && used < sizeof line) line[used++] = *text++;
}

static void putNumber(u32 value) {
  char digits[11];
  int at = 10;
  digits[at] = 0;
  do digits[--at] = (char)('0' + value % 10);
  while ((value /= 10));
  put(digits + at);
}

void report(const char *name, struct Samples *samples) {
  for (u32 index = 0; index < samples->count; index++) {
    if (used == 0) put("bench 1 "), put(name), put(":");
    put(" ");
    putNumber(samples->values[index]);
    if (used > 180 || index + 1 == samples->count) put("\n"), flush();
  }
  put("bench 1 "), put(name), put(" end "), putNumber(samples->count), put("\n");
  flush();
}

void skip(const char *name, const char *what, long error) {
  put("bench 1 "), put(name), put(" skipped "), put(what), put(" error "), putNumber((u32)-error), put("\n");
  flush();
}

// MARK: The machine

static void setting(const char *file, const char *value, word length) {
  long descriptor = call3(CALL_OPEN, (word)file, 1, 0);
  if (descriptor < 0) return;
  call3(CALL_WRITE, (word)descriptor, (word)value, length);
  call3(CALL_CLOSE, (word)descriptor, 0, 0);
}

// Real-time threads may have the processor for ever, and take turns as often as the kernel can.
static void prepareMachine(void) {
  call3(CALL_MKDIR, (word) "/proc", 0755, 0);
  call6(CALL_MOUNT, (word) "proc", (word) "/proc", (word) "proc", 0, 0, 0);
  setting("/proc/sys/kernel/sched_rt_runtime_us", "-1", 2);
  setting("/proc/sys/kernel/sched_rr_timeslice_ms", "4", 1);
}

static void endMachine(void) {
  if (call3(CALL_IOPL, 3, 0, 0) < 0) return;
  for (const char *text = "@apus-exit passed 0\n"; *text; text++)
    __asm__ volatile("outb %b0, %w1" : : "a"(*text), "Nd"(0xE9));
  __asm__ volatile("outl %0, %w1" : : "a"(0x20), "Nd"(0xF4));
}

// MARK: What is measured

struct Group {
  const char *name;
  void (*run)(void);
};

static const struct Group groups[] = {
    {"syscall", measureCalls},   {"yield", measureYields},     {"wake", measureWakeUp},
    {"hourglass", measureHourglass}, {"semaphore", measureFutex},  {"pipe", measurePipe},
    {"futex", measureFutexAlone}, {"clone", measureThreadsAlone}, {"file", measureFiles},
    {"thread", measureThreads},  {"process", measureProcesses}, {"memory", measureMemory},
    {"execute", measureExecution}, {"port", measurePorts},     {"pthread", measurePthreads},
    {"between", measureBetween},
};

static int isSame(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static int isWanted(const char *group, int count, char **arguments) {
  if (count <= 1) return 1;
  for (int index = 1; index < count; index++)
    if (isSame(group, arguments[index])) return 1;
  return 0;
}

static char **environment;

word auxiliary(word kind) {
  char **end = environment;
  while (*end) end++;
  for (word *pair = (word *)(end + 1); pair[0]; pair += 2)
    if (pair[0] == kind) return pair[1];
  return 0;
}

int measure(int count, char **arguments) {
  environment = arguments + count + 1;
  // What a child that was made to run a program does.
  if (count > 1 && isSame(arguments[1], "nothing")) return 0;
  if (count > 1 && isSame(arguments[1], "end-at-once")) return 0;
  int isFirst = call0(CALL_GETPID) == 1;
  if (isFirst) prepareMachine();
  // Above everything else that may run. A kernel without priorities may refuse: the others are measured all the same.
  setPriority(IN_ORDER, 50);
  for (word index = 0; index < sizeof groups / sizeof *groups; index++)
    if (isWanted(groups[index].name, count, arguments)) groups[index].run();
  if (isFirst) endMachine();
  return 0;
}
