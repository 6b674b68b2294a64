/// The system calls that this kernel performs, whatever interface they came by.

// swift-format-ignore: AlwaysUseLowerCamelCase
/// A call, by Linux's name for it.
///
/// Where i386 has several calls for what x86_64 does with one (16-bit user numbers, 32-bit file offsets, times of
/// 32 bits), each is a case of its own: their arguments or structures differ. The names are Linux's, where a reader will
/// look them up.
public enum SystemCall: UInt16, BitwiseCopyable, Hashable, Sendable, CaseIterable {
  /// A number that nobody has, or a call that is not performed: the answer is -ENOSYS.
  case unknown
  // Calls of both interfaces.
  case read, write, open, close, stat, fstat, lstat, poll, lseek, mmap, mprotect, munmap, brk,
    rt_sigaction, rt_sigprocmask, rt_sigreturn, ioctl, pread64, pwrite64, readv, writev, access, pipe,
    select, sched_yield, mremap, madvise, dup, dup2, pause, nanosleep, getitimer, alarm, setitimer,
    getpid, sendfile, clone, fork, vfork, execve, exit, wait4, kill, uname, fcntl, fsync, fdatasync,
    truncate, ftruncate, getdents, getcwd, chdir, fchdir, rename, mkdir, rmdir, creat, link, unlink,
    symlink, readlink, chmod, fchmod, chown, fchown, lchown, umask, gettimeofday, getrlimit, getrusage,
    sysinfo, times, getuid, syslog, getgid, setuid, setgid, geteuid, getegid, setpgid, getppid, getpgrp,
    setsid, setreuid, setregid, getgroups, setgroups, setresuid, getresuid, setresgid, getresgid, getpgid,
    setfsuid, setfsgid, getsid, capget, capset, rt_sigpending, rt_sigtimedwait, rt_sigqueueinfo,
    rt_sigsuspend, sigaltstack, utime, mknod, personality, statfs, fstatfs, getpriority, setpriority,
    sched_setparam, sched_getparam, sched_setscheduler, sched_getscheduler, sched_get_priority_max,
    sched_get_priority_min, mlock, munlock, mlockall, munlockall, vhangup, prctl, arch_prctl, setrlimit,
    chroot, sync, mount, umount2, reboot, sethostname, gettid, tkill, time, futex, sched_setaffinity,
    sched_getaffinity, set_thread_area, get_thread_area, getdents64, set_tid_address, restart_syscall,
    fadvise64, clock_settime, clock_gettime, clock_getres, clock_nanosleep, exit_group, tgkill, utimes,
    waitid, openat, mkdirat, mknodat, fchownat, futimesat, newfstatat, unlinkat, renameat, linkat,
    symlinkat, readlinkat, fchmodat, faccessat, pselect6, ppoll, set_robust_list, get_robust_list,
    utimensat, fallocate, dup3, pipe2, preadv, pwritev, prlimit64, renameat2, getrandom, rseq, statx,
    faccessat2, clone3, close_range, membarrier, getcpu, socket, connect, copy_file_range, splice, flock,
    msync, mincore, execveat, openat2, setdomainname, timer_create, timer_settime, timer_gettime,
    timer_getoverrun, timer_delete
  // Calls of i386 alone.
  case waitpid, llseek, mmap2, stat64, lstat64, fstat64, fstatat64, fcntl64, truncate64, ftruncate64,
    getuid32, getgid32, geteuid32, getegid32, setreuid32, setregid32, getgroups32, setgroups32, fchown32,
    setresuid32, getresuid32, setresgid32, getresgid32, chown32, setuid32, setgid32, setfsuid32,
    setfsgid32, lchown32, ugetrlimit, newselect, sigaction, sigreturn, sigprocmask, sigpending,
    sigsuspend, ssetmask, sgetmask, signal, olduname, oldolduname, oldstat, oldlstat, oldfstat, nice,
    umount, statfs64, fstatfs64, stime, sendfile64, fadvise64_64, clock_gettime64, clock_settime64,
    clock_getres_time64, clock_nanosleep_time64, utimensat_time64, pselect6_time64, ppoll_time64,
    futex_time64, rt_sigtimedwait_time64, socketcall, timer_gettime64, timer_settime64
}
