import Foundation
import Testing

/// A small C program, compiled for one test into a folder of its own.
final class TestProgram {
  let path: String
  private let folder: URL

  /// Compiles `source` with whichever C compiler there is; `flags` come before it.
  init(_ source: String, flags: [String] = ["-pthread"]) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    path = folder.appending(path: "program").path
    let file = folder.appending(path: "program.c")
    try source.write(to: file, atomically: true, encoding: .utf8)
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/usr/bin/env")
    compiler.arguments = [
      "sh", "-c", "if command -v cc >&2; then exec cc \"$@\"; else exec clang \"$@\"; fi", "-",
    ]
    compiler.arguments? += ["-O1", "-o", path] + flags + [file.path]
    try compiler.run()
    compiler.waitUntilExit()
    try #require(compiler.terminationStatus == 0, "the C compiler refuses")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Without a C library, so that only what the source says enters the kernel.
  static let bare = [
    "-nostdlib", "-static", "-ffreestanding", "-fno-pie", "-no-pie", "-fno-stack-protector",
  ]

  /// 7 calls of getppid and one of getuid32, by 32-bit numbers, then exit with status 5.
  static let oldCalls = """
    static int call(int number, int first) {
      int result;
      __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first) : "memory");
      return result;
    }
    void _start(void) {
      for (int i = 0; i < 7; i++) call(64, 0);
      call(199, 0);
      call(1, 5);
    }
    """

  /// A child sends a signal when the parent sleeps in a read, and writes after the handler has run.
  ///
  /// The parent exits with 11 if the read went on after the handler, with 100 if it failed with EINTR.
  static let interruptedRead = """
    #define _GNU_SOURCE
    #include <errno.h>
    #include <fcntl.h>
    #include <signal.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/wait.h>
    #include <unistd.h>
    static volatile sig_atomic_t handled;
    static int told[2];
    static void handler(int number) { handled++; (void)!write(told[1], "h", 1); }
    static char state_of(pid_t process) {
      char name[64], text[512] = "";
      snprintf(name, sizeof name, "/proc/%d/stat", process);
      int file = open(name, O_RDONLY);
      (void)!read(file, text, sizeof text - 1);
      close(file);
      char *end = strrchr(text, ')');
      return end ? end[2] : '?';
    }
    int main(int count, char *arguments[]) {
      int data[2];
      char byte;
      if (pipe(data) || pipe(told)) return 1;
      struct sigaction action = {.sa_handler = handler, .sa_flags = atoi(arguments[1]) ? SA_RESTART : 0};
      sigaction(SIGUSR1, &action, 0);
      pid_t child = fork();
      if (child == 0) {
        // S and D: asleep, in the read or held on the way into it.
        for (char state = 0; state != 'S' && state != 'D';) state = state_of(getppid());
        kill(getppid(), SIGUSR1);
        (void)!read(told[0], &byte, 1);
        (void)!write(data[1], "x", 1);
        _exit(0);
      }
      ssize_t got = read(data[0], &byte, 1);
      int status = got == 1 ? 10 + (handled > 0) : errno == EINTR ? 100 : 1;
      waitpid(child, 0, 0);
      return status;
    }
    """

  /// Installs a filter of its own that fails umask with EPERM, then makes 3 calls of getppid.
  ///
  /// With an argument it asks for a listener too, and exits with the errno when it is refused.
  static let ownFilter = """
    #define _GNU_SOURCE
    #include <errno.h>
    #include <linux/filter.h>
    #include <linux/seccomp.h>
    #include <sys/prctl.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    int main(int count, char *arguments[]) {
      struct sock_filter filter[] = {
          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_umask, 0, 1),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
      struct sock_fprog program = {4, filter};
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      int flags = count > 1 ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
      if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) < 0) return errno;
      for (int i = 0; i < 3; i++) getppid();
      return syscall(SYS_umask, 022) == -1 && errno == EPERM ? 42 : 1;
    }
    """

  /// So many children as the argument says, one after the other, each with one call of getppid.
  ///
  /// Exits with the number of those that failed.
  static let manyChildren = """
    #include <stdlib.h>
    #include <sys/wait.h>
    #include <unistd.h>
    int main(int count, char *arguments[]) {
      int failed = 0;
      for (int i = atoi(arguments[1]); i > 0; i--) {
        pid_t child = fork();
        if (child == 0) _exit(getppid() > 0 ? 0 : 1);
        int status = 1;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) failed++;
      }
      return failed > 255 ? 255 : failed;
    }
    """

  /// Sends SIGINT to its process group, as a terminal does, and then ends in its own way from the handler.
  static let interruptsItsGroup = """
    #include <signal.h>
    #include <unistd.h>
    static void handler(int number) { _exit(7); }
    int main(void) {
      signal(SIGINT, handler);
      kill(0, SIGINT);
      for (;;) pause();
    }
    """
}
