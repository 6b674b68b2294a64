/// The kernel's own console: a few commands for whoever looks at a node from outside.

import ABI
import Arch
import Base
import BootInformation
import CMachine
import Core
import FrameAllocator
import Heap
import Interrupts
import Log
import Runtime
import Scheduling
import Sync
import Trace

/// Reads commands from the console and obeys them until input ends.
public struct Monitor: ~Copyable {
  private var editor = LineEditor()

  /// Makes a monitor; it reads nothing yet.
  public init() {}

  /// Obeys commands until `exit` or the end of input, and then returns.
  ///
  /// - Parameter obeyOther: obeys a command that needs what this module does not know, with its numbers if there are any;
  ///   answers whether it could.
  /// - Parameter obeyGuests: obeys a command for guests; answers whether it could.
  @export(interface)
  public mutating func run(
    _ obeyOther: (MonitorCommand, UInt32?, UInt32?) -> Bool = { _, _, _ in false },
    _ obeyGuests: (GuestCommand) -> Bool = { _ in false }
  ) {
    let reference = NodeReference()
    reference.node.log.output.serial.interruptOnInput()
    cpu_cli()
    reference.node.lines.unmask(SerialPort.interruptLine)
    // What has arrived before raises no interrupt.
    receiveInput()
    cpu_sti()
    // Whoever takes what is typed has something else to show first.
    if reference.node.takeInput == nil { prompt() }
    while true {
      switch editor.take(nextByte(), showing: &reference.node.log.output) {
      case .editing:
        break
      case .cancelled:
        editor.clear()
        prompt()
      case .endOfInput:
        reference.node.log.show("")
        return
      case .complete:
        let line = MonitorLine(editor.line)
        editor.clear()
        if line == .command(.exit) { return }
        if case .guests(let command) = line {
          if !obeyGuests(command) {
            reference.node.log.show("there is no such guest, or the value is not allowed")
          }
        } else {
          obey(line, obeyOther)
        }
        // A guest may have been given the terminal.
        if isAtConsole { prompt() }
      }
    }
  }

  private func nextByte() -> UInt8 {
    let reference = NodeReference()
    while true {
      cpu_cli()
      let byte = nextInput()
      cpu_sti()
      if let byte {
        if let take = reference.node.takeInput, take(byte) { continue }
        return byte
      }
      // Counted, so a byte that came in between is not missed.
      _ = try? reference.node.threads.inputArrived.wait()
    }
  }

  /// Whether the next byte is for this console, as far as it knows.
  private var isAtConsole: Bool { NodeReference().node.isMonitorActive }

  private func prompt() {
    let reference = NodeReference()
    let text: Text = "apus> "
    for index in 0..<text.count { reference.node.log.output.write(text[index]) }
  }

  private func obey(_ line: MonitorLine, _ obeyOther: (MonitorCommand, UInt32?, UInt32?) -> Bool) {
    let reference = NodeReference()
    switch line {
    case .empty, .command(.exit), .guests:
      break
    case .unknown:
      reference.node.log.show("unknown command; `help` lists the commands")
    case .command(.help):
      for command in MonitorCommand.allCases {
        var text = Text()
        text.append(command.name)
        text.pad(to: 10)
        text.append(command.explanation)
        reference.node.log.show(text)
      }
    case .command(.files):
      Ramdisk.list()
    case .command(.memory):
      showMemory()
    case .command(.ps):
      ThreadList.show()
    case .command(.top):
      ThreadList.showShares()
    case .command(.interrupts):
      InterruptList.show()
    case .command(.trace):
      TraceList.show()
    case .command(.log):
      reference.node.log.showTail(lineCount: 100, indent: "")
    case .command(.panic):
      panic("asked for at the console")
    case .command(let command):
      if !obeyOther(command, nil, nil) { reference.node.log.show("this machine has one node") }
    case .numbered(let command, let number):
      if !obeyOther(command, number, nil) {
        reference.node.log.show("there is no such node, or the command takes no number")
      }
    case .pair(let command, let first, let second):
      if !obeyOther(command, first, second) {
        reference.node.log.show("there is no such node or image, or the command takes no two numbers")
      }
    }
  }

  private func showMemory() {
    let reference = NodeReference()
    for index in 0..<reference.node.boot.memoryMap.count {
      let range = reference.node.boot.memoryMap[index]
      reference.node.log.show(
        "\(PhysicalAddress(range.start)) to \(PhysicalAddress(range.end)) \(range.kind.name), \(bytes: range.length)"
      )
    }
    let total = reference.node.frames.totalCount
    let used = reference.node.frames.usedCount
    let peak = reference.node.frames.peakUsedCount
    reference.node.log.show("frames: \(total) in all, \(used) used, \(total - used) free, peak \(peak)")
    let heap = reference.node.heap.statistics
    let limit = UInt64(reference.node.heap.limit)
    reference.node.log.show(
      "heap: \(heap.bytesInUse) bytes in use, peak \(heap.peakBytesInUse), mapped \(heap.mappedBytes), limit \(bytes: limit)"
    )
    let largest = UInt64(reference.node.frames.largestRun()) * UInt64(pageSize)
    reference.node.log.show("longest free run: \(bytes: largest)")
  }
}
