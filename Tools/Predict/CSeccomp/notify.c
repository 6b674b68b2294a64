// Receiving and answering notifications.

#define _GNU_SOURCE
#include "CSeccomp.h"
#include <errno.h>

#ifdef __linux__
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>

// Linux 6.6; the headers this is compiled with may be older than the kernel it runs on.
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

// What poll sees at the listener within `milliseconds`; -errno when it fails.
static int look(int listener, int milliseconds) {
  struct pollfd waiting = {listener, POLLIN, 0};
  if (poll(&waiting, 1, milliseconds) < 0) return -errno;
  return waiting.revents;
}

int seccomp_receive(int listener, int ends_by_itself, struct seccomp_request *request) {
  for (;;) {
    if (!ends_by_itself) {
      int seen = look(listener, -1);
      if (seen == -EINTR) continue;
      if (seen < 0) return seen;
      if (!(seen & POLLIN)) {
        if (seen & (POLLHUP | POLLERR)) return 0;
        continue;
      }
    }
    struct seccomp_notif notification;
    // The kernel refuses a structure that is not zero: it may grow members that mean something.
    memset(&notification, 0, sizeof notification);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) == 0) {
      request->id = notification.id;
      request->thread = notification.pid;
      request->number = notification.data.nr;
      request->architecture = notification.data.arch;
      return 1;
    }
    // ENOENT: the caller was killed before its request was taken, or the last process has gone.
    if (errno == ENOENT) {
      if (ends_by_itself && (look(listener, 0) & (POLLHUP | POLLERR))) return 0;
      continue;
    }
    if (errno != EINTR) return -errno;
  }
}

int seccomp_receive_ends(void) {
  // "seccomp: interrupt SECCOMP_IOCTL_NOTIF_RECV when all users have exited". Nothing but the version tells: a
  // kernel without it cannot be tried, for then the trial would not end.
  struct utsname names;
  int major = 0, minor = 0;
  if (uname(&names) != 0 || sscanf(names.release, "%d.%d", &major, &minor) != 2) return 0;
  return major > 6 || (major == 6 && minor >= 11);
}

int seccomp_is_pending(int listener) {
  int seen = look(listener, 0);
  return seen > 0 && (seen & POLLIN) != 0;
}

int seccomp_is_waiting(int listener, uint64_t id) {
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0 || errno != ENOENT;
}

int seccomp_wake_here(int listener, int here) {
  // The flags are the argument itself, not behind a pointer.
  unsigned long flags = here ? SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP : 0;
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags) == 0 ? 0 : errno;
}

int seccomp_continue(int listener, uint64_t id) {
  struct seccomp_notif_resp answer;
  memset(&answer, 0, sizeof answer);
  answer.id = id;
  answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0 ? 0 : errno;
}

uint32_t seccomp_architecture(void) {
#if defined(__x86_64__)
  return AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
  return AUDIT_ARCH_AARCH64;
#elif defined(__i386__)
  return AUDIT_ARCH_I386;
#else
  return 0;
#endif
}

#else

int seccomp_receive(int listener, int ends_by_itself, struct seccomp_request *request) { return -ENOSYS; }
int seccomp_receive_ends(void) { return 0; }
int seccomp_is_pending(int listener) { return 0; }
int seccomp_is_waiting(int listener, uint64_t id) { return 0; }
int seccomp_wake_here(int listener, int here) { return ENOSYS; }
int seccomp_continue(int listener, uint64_t id) { return ENOSYS; }
uint32_t seccomp_architecture(void) { return 0; }

#endif
