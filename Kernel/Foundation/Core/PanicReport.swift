/// What the kernel says when one of its invariants is broken.
///
/// The form is fixed, because `apus run` reads it: a line with `panic:`, then indented sections. Lines that begin
/// with two blanks and `#` carry one return address each; the launcher adds function, file and line to them.

import Base
import Log

/// Registers that a panic report can list.
public protocol RegisterList {
  /// The number of registers.
  var registerCount: Int { get }
  /// The name of register `index`, as the manual writes it.
  func registerName(_ index: Int) -> StaticString
  /// The content of register `index`.
  func registerValue(_ index: Int) -> UInt
  /// Where the code was interrupted.
  var instructionPointer: VirtualAddress { get }
  /// The frame pointer of the interrupted code.
  var framePointer: UInt { get }
}

/// The parts of a panic report, in the order in which they are shown.
public enum PanicReport {
  /// The log lines that a report ends with.
  public static var logLineCount: Int { 12 }

  /// Shows the whole report.
  ///
  /// - Parameters:
  ///   - reason: what was broken, one sentence without a full stop.
  ///   - registers: the registers of the code that noticed, or `nil` if there are none to show.
  ///   - framePointer: where the backtrace begins.
  ///   - memory: the kernel's memory, read with care.
  ///   - log: the log to show the report on, whose last lines end it.
  public static func show<
    Registers: RegisterList, Memory: KernelMemoryReader, Output: ConsoleOutput & ~Copyable
  >(
    reason: Text, registers: Registers?, framePointer: UInt, memory: Memory, on log: inout Log<Output>
  ) {
    // The line that was being written may be cut anywhere: begin on a new one.
    log.show("")
    log.show("panic: \(reason)")
    if let registers {
      showRegisters(registers, on: &log)
    }
    log.show("  backtrace:")
    // Frame 0 is the instruction itself, the others are where calls return to: whoever looks up the function of
    // a return address must look at the byte before it.
    if let registers { show(frame: 0, address: registers.instructionPointer, on: &log) }
    var number = 1
    var backtrace = Backtrace(from: framePointer, in: memory)
    while let address = backtrace.next() {
      show(frame: number, address: address, on: &log)
      number += 1
    }
    log.show("  last lines of the log:")
    log.showTail(lineCount: logLineCount, indent: "    ")
  }

  private static func showRegisters<Registers: RegisterList, Output: ConsoleOutput & ~Copyable>(
    _ registers: Registers, on log: inout Log<Output>
  ) {
    log.show("  registers:")
    let perLine = 4
    var line = Text()
    for index in 0..<registers.registerCount {
      line.append("    ")
      line.append(registers.registerName(index))
      line.append(byte: UInt8(ascii: " "))
      line.append(hexadecimal: UInt64(registers.registerValue(index)), width: UInt.bitWidth / 4)
      if index % perLine == perLine - 1 || index == registers.registerCount - 1 {
        log.show(line)
        line = Text()
      }
    }
  }

  private static func show<Output: ConsoleOutput & ~Copyable>(
    frame number: Int, address: VirtualAddress, on log: inout Log<Output>
  ) {
    log.show("  #\(number) \(address)")
  }
}
