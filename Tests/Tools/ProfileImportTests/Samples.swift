/// What the tracers print, shortened from real runs with strace 6.1, perf 6.1 and dash's time.
enum Samples {
  static let summary = """
    % time     seconds  usecs/call     calls    errors syscall
    ------ ----------- ----------- --------- --------- ----------------
     25.39    0.000372         372         1           execve
     21.20    0.000311          38         8           mmap
      2.63    0.000039          39         1         1 access
    ------ ----------- ----------- --------- --------- ----------------
    100.00    0.000722          72        10         1 total

    """
  static let trace = """
    strace: Process 4712 attached
    4711  1795235290.000000 execve("/usr/bin/true", ["true"], 0x7ffc6376df08 /* 35 vars */) = 0 <0.000103>
    4711  1795235290.001000 read(3, "a = 5 <0.5>\\n", 4096) = 12 <0.000012>
    4712  1795235290.002000 futex(0x7f, FUTEX_WAIT, 1, NULL <unfinished ...>
    4711  1795235290.003000 write(1, "x", 1)  = 1 <0.000010>
    4712  1795235290.103000 <... futex resumed>) = 0 <0.101000>
    4711  1795235290.104000 --- SIGCHLD {si_signo=SIGCHLD, si_pid=4712} ---
    4711  1795235290.104500 access("/nothing", R_OK) = -1 ENOENT (No such file or directory) <0.000004>
    4711  1795235290.105000 exit_group(0)     = ?
    4711  1795235290.200000 +++ exited with 0 +++

    """
  static let bracketTrace = """
    1795235290.000000 execve("/bin/sh", ["sh"], 0x7ffc /* 35 vars */) = 0 <0.000100>
    [pid  4711] 1795235290.001000 read(3, "", 4096) = 0 <0.000010>

    """
  /// Without -o: a number stands before a line only while there are several threads, and what strace says of a
  /// new one breaks into the line of the call that makes it.
  static let brokenTrace = """
    1000000000.000000 clone3({flags=CLONE_VM, tls=0x7f}strace: Process 4712 attached
     => {parent_tid=[4712]}, 88) = 4712 <0.100000>
    [pid  4711] 1000000000.100000 statfs("/", strace: Process 4714 attached
    0x7ffd4fe643e0) = -1 ENOENT (No such file or directory) <0.000000>
    [pid  4711] 1000000000.300000 read(3,  <unfinished ...>
    [pid  4712] 1000000000.350000 getpid() = 4711 <0.050000>
    [pid  4711] 1000000000.500000 <... read resumed>"x", 1) = 1 <0.200000>
     > /lib/libc.so.6(read+0x17) [0x1000]
    [pid  4712] 1000000001.000000 +++ exited with 0 +++
    1000000000.900000 clone(child_stack=NULL, flags=SIGCHLDstrace: Process 4713 attached
     <unfinished ...>
    [pid  4713] 1000000001.050000 futex(0x7f, FUTEX_WAIT, 1, NULL) = 0 <0.500000>
    [pid  4711] 1000000001.100000 <... clone resumed>, child_tidptr=0x7f) = 4713 <0.200000>
    1000000001.600000 exit_group(0)     = ?

    """
  static let perf = """

     Summary of events:

     true (6506), 58 events, 90.6%

       syscall            calls  errors  total       min       avg       max       stddev
                                         (msec)    (msec)    (msec)    (msec)        (%)
       --------------- --------  ------ -------- --------- --------- ---------     ------
       mmap                   8      0     0.111     0.012     0.014     0.021      7.30%
       access                 1      1     0.012     0.012     0.012     0.012      0.00%

     true (6507), 8 events, 9.4%

       syscall            calls  errors  total       min       avg       max       stddev
                                         (msec)    (msec)    (msec)    (msec)        (%)
       --------------- --------  ------ -------- --------- --------- ---------     ------
       mmap                   2      0     0.020     0.010     0.010     0.010      0.00%


    """
  static let time = "some output\nreal 2.50\nuser 2.00\nsys 0.28\n"

  static func text(_ format: String) -> String {
    switch format {
    case "strace-c", "strace-cw": summary
    case "strace-T": trace
    case "perf-s": perf
    default: time
    }
  }
}
