// Receiving and answering notifications.

#define _GNU_SOURCE
#include "CSeccomp.h"
#include <errno.h>

#ifdef __linux__
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

int seccomp_receive(int listener, struct seccomp_request *request) {
  for (;;) {
    // Older kernels leave the ioctl waiting for ever once the last process is gone; poll sees them go.
    struct pollfd waiting = {listener, POLLIN, 0};
    if (poll(&waiting, 1, -1) < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    if (!(waiting.revents & POLLIN)) {
      if (waiting.revents & (POLLHUP | POLLERR)) return 0;
      continue;
    }
    struct seccomp_notif notification;
    // The kernel refuses a structure that is not zero: it may grow members that mean something.
    memset(&notification, 0, sizeof notification);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) == 0) {
      request->id = notification.id;
      request->thread = notification.pid;
      request->number = notification.data.nr;
      return 1;
    }
    // ENOENT: the caller was killed between poll and here.
    if (errno != EINTR && errno != ENOENT) return -errno;
  }
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

int seccomp_receive(int listener, struct seccomp_request *request) { return -ENOSYS; }
int seccomp_continue(int listener, uint64_t id) { return ENOSYS; }
uint32_t seccomp_architecture(void) { return 0; }

#endif
