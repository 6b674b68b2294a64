// Linux's seccomp user notification (seccomp(2), seccomp_unotify(2)) and the start of a filtered process.
//
// C because fork, the filter's ioctls and their kernel-sized structures are out of Swift's reach. Policy, threads,
// statistics and every decision live in Swift; here is one kernel operation to a function. On other systems the
// functions exist and fail with ENOSYS.
#ifndef CSECCOMP_H
#define CSECCOMP_H

#include <stdint.h>
#include <sys/types.h>

// One instruction of a classic BPF program, laid out as the kernel's struct sock_filter.
struct seccomp_instruction {
  uint16_t code;
  uint8_t jump_true;
  uint8_t jump_false;
  uint32_t operand;
};

// A call that waits for an answer.
struct seccomp_request {
  uint64_t id;
  uint32_t thread;
  int32_t number;
  uint32_t architecture;  // AUDIT_ARCH_... whose numbers `number` belongs to.
};

// A name and its number, as the tables of names hold them.
struct seccomp_call {
  const char *name;
  int number;
};

// What seccomp_start found out about the kernel.
struct seccomp_child {
  pid_t pid;
  int listener;  // Notifications arrive here; -1 when no filter was asked for.
  int killable_wait;  // 1 when signals cannot make a caller ask twice (Linux 5.19).
  struct seccomp_report *report;  // Where the child says why exec failed; seccomp_finish gives it back.
};

// Starts `path` with `arguments` under the filter, which every thread and child process inherits. A `count` of 0
// starts it without any filter. Returns 0, or an errno; `step` then names what failed and nothing is left running.
// exec comes later, for it may be a call that the caller of this has yet to serve: ask seccomp_finish.
int seccomp_start(const char *path, char *const arguments[], const struct seccomp_instruction *filter,
                  uint16_t count, struct seccomp_child *child, const char **step);

// Waits for a call. Returns 1 with the request, 0 when no filtered process is left, or -errno. Where
// `ends_by_itself` is 0 it asks poll first, as kernels need whose receive would wait for ever.
int seccomp_receive(int listener, int ends_by_itself, struct seccomp_request *request);

// Whether this kernel's receive returns once the last filtered process is gone (Linux 6.11).
int seccomp_receive_ends(void);

// Whether a request waits that no delegate has taken: 1 or 0.
int seccomp_is_pending(int listener);

// Whether the caller still waits for the answer to `id`: 1 or 0.
int seccomp_is_waiting(int listener, uint64_t id);

// Has the kernel wake whom it wakes next on the processor of the waker (1) or wherever it likes (0). Returns 0, or
// an errno: EINVAL or ENOTTY before Linux 6.6.
int seccomp_wake_here(int listener, int here);

// Lets the caller run its call in its own context. Returns 0, or an errno: ENOENT when the caller is gone.
int seccomp_continue(int listener, uint64_t id);

// The value AUDIT_ARCH_... of this machine, as filters compare it; 0 where there is no seccomp.
uint32_t seccomp_architecture(void);

// The call behind an index of the table of names, or a null pointer after the last; `number` is the kernel's.
const char *seccomp_call_name(int index, int *number);

// The same two for the calls a 64-bit kernel takes from 32-bit code; no names and 0 where there is none.
const char *seccomp_compatible_call_name(int index, int *number);
uint32_t seccomp_compatible_architecture(void);

// Waits for `pid`; returns the wait status or -errno, the processor time of the process and its children, and how long
// its main thread was ready but had no processor; below 0 where the kernel does not count that.
int seccomp_wait(pid_t pid, double *user_seconds, double *system_seconds, double *queue_seconds);

// Once `child` has ended: the errno with which exec failed in it, or 0. Frees the report.
int seccomp_finish(struct seccomp_child *child);

// Processors this thread may use; at least 1.
int processor_count(void);

// Keeps this thread, and processes it starts, to the first processor it may use. Returns 0, or an errno.
int processor_narrow(void);

// Takes back processor_narrow.
void processor_restore(void);

#endif
