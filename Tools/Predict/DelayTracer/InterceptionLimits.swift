/// What the tracer cannot delay, said to the user beside every result it concerns.
public enum InterceptionLimits {
  /// Facts that hold for every run on this machine.
  public static var always: [String] {
    [SystemCallNames.current.hasCompatible ? withCompatible : withoutCompatible] + everywhere
  }

  private static let withCompatible =
    "calls of the x32 interface pass undelayed (i386's, int 0x80 too, do not)"
  private static let withoutCompatible =
    "32-bit calls of a 64-bit kernel pass undelayed (on x86: compiled without asm/unistd_32.h)"

  private static let everywhere = [
    "calls that glibc answers from the vDSO (clock_gettime, gettimeofday, time, getcpu) never enter the kernel",
    "page faults, interrupts and work of io_uring are no calls and are not delayed",
    "a signal that comes before a delegate has taken a call ends the call with EINTR, if its handler does not restart "
      + "calls: also a call such as fork, which never ends so otherwise",
    "set-uid programs run without their privileges, since filters require no_new_privs",
    "if the tracer is killed with SIGKILL, delayed calls of the program fail with ENOSYS",
  ]

  /// What to know about single calls when they are chosen.
  public static func about(_ call: String) -> String? {
    switch call {
    case "clock_gettime", "gettimeofday", "time", "getcpu":
      "\(call): usually answered without entering the kernel"
    case "execve": "execve: the program's own start is delayed too"
    case "rt_sigreturn": "rt_sigreturn: delays the return of every signal handler"
    case "restart_syscall": "restart_syscall: made by the kernel's request after a stop, not by the program"
    case "seccomp": "seccomp: a program that wants a listener of its own is refused one (EBUSY)"
    default: nil
    }
  }
}
