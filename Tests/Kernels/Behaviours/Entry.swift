/// The kernel whose behaviour the command line chooses: `test=NAME`.
///
/// A behaviour that is to end in a panic fails by coming back; one that is to pass says so itself.

import ABI
import Arch
import Base
import BootInformation
import CMachine
import CommandLine
import Log
import Runtime
import Start

/// Called by `Boot/Entry/*/Entry.asm` with what the boot loader left in eax and ebx.
@c(kernel_entry)
func kernelEntry(_ magic: UInt32, _ information: UInt32) {
  startNode(magic: magic, information: information)
  // A line for each file of behaviours.
  if !runFaults(),
    !runExceptions(),
    !runMemory(),
    !runHeap(),
    !runThreads(),
    !runSync(),
    !runTracing(),
    !runFloatingPoint(),
    !runInterrupts(),
    !runRing3(),
    !runFiles(),
    !runUserMemory(),
    !runOutcomes()
  {
    log(.error, "test", "test= names no behaviour of this kernel")
    endRun(.failed, status: 2)
  }
  log(.error, "test", "the behaviour came back")
  endRun(.failed, status: 1)
}

/// Whether `test=` on the command line is `name`.
@inline(never)
func isAskedFor(_ name: StaticString) -> Bool {
  let reference = NodeReference()
  guard let test = reference.node.options.test else { return false }
  return reference.node.boot.commandLineEquals(name, in: test)
}

/// Whether `test=` on the command line is `name` followed by `number`.
@inline(never)
func isAskedFor(_ name: StaticString, _ number: UInt8) -> Bool {
  let reference = NodeReference()
  guard let test = reference.node.options.test else { return false }
  var wanted: Text = ""
  wanted.append(name)
  wanted.append(decimal: UInt64(number))
  return reference.node.boot.commandLineEquals(wanted, in: test)
}

extension BootInformation {
  fileprivate func commandLineEquals(_ name: StaticString, in range: Range<Int>) -> Bool {
    var text = Text()
    text.append(name)
    return commandLineEquals(text, in: range)
  }

  fileprivate func commandLineEquals(_ text: Text, in range: Range<Int>) -> Bool {
    let bytes = commandLine()
    guard range.count == text.count else { return false }
    for offset in 0..<range.count where bytes[range.lowerBound + offset] != text[offset] { return false }
    return true
  }
}
