/// How a host learns what the system calls of programs have cost, for `apus run --profile`.

/// What a kernel that counts calls (`profile=on`) writes to the debug port.
///
/// A line each:
///
///     @apus-profile process NUMBER THREADS TICKS NAME                    when a process ends
///     @apus-profile call NUMBER NAME COUNT TICKS LEAST MEDIAN MOST BYTES for each call that it made
///     @apus-profile end TICKS-A-MILLISECOND LOST                         when the run ends: invocations not counted
///
/// Numbers are decimal. Ticks are those of the time stamp counter while the process had the processor; where the
/// emulator counts instructions, they are instructions.
public enum ProfileChannel {
  /// What each line starts with.
  public static let recordPrefix: StaticString = "@apus-profile "
}
