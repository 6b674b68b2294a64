// What the programs of this suite have in common.
//
// Each program prints a transcript: the same on every run and every Linux. So no addresses, no numbers of processes and
// no times stand in it, only what must be so.

#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

/// Prints one line in one piece.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Prints what a call answered: its result, or the error's text.
void answer(const char *name, long result);

/// Prints how a child has ended.
void tell_status(const char *name, int status);

/// Runs `body` in a child, waits for it and prints how it has ended.
void in_child(const char *name, void (*body)(void));

/// Nanoseconds of the monotonic clock.
int64_t now(void);

/// Sleeps for milliseconds, whatever interrupts it.
void nap(int milliseconds);

/// Sets a handler with three arguments.
void handle(int signal, int flags, void (*handler)(int, siginfo_t *, void *));

/// Memory that a fork does not copy.
void *shared_memory(size_t size);

/// A section of a program: its name and what it does.
struct section {
  const char *name;
  void (*body)(void);
};

/// Runs all sections, or the one that the first argument names.
int run_sections(const struct section *sections, int argc, char **argv);

#define PAGE 4096
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
