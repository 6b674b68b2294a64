/// The console as a terminal of programs: a thread hands it what is typed.

import Arch
import CMachine
import Interrupts
import LinuxABI
import Log
import OpenFiles
import Processes
import ProgramRecords
import ProgramSignals
import Runtime
import Scheduling
import Signals
import VirtualFileSystem

/// The device behind the console's terminal.
public enum Console {
  /// Starts the thread that reads what is typed.
  @export(interface)
  public static func start() throws(ThreadError) {
    try Threads.create(ThreadName("console"), level: PriorityLevel(truncating: 16), isDetached: true) { _ in
      Console.run()
    }
  }

  private static func run() -> UInt {
    let reference = NodeReference()
    guard reference.node.identity.ownsDevices else { relayForEver() }
    reference.node.log.output.serial.interruptOnInput()
    cpu_cli()
    reference.node.lines.unmask(SerialPort.interruptLine)
    receiveInput()
    cpu_sti()
    while true {
      cpu_cli()
      while !ProgramFiles().tree.inputIsFull, let byte = nextInput() {
        if !isTaken(byte) { take(byte) }
      }
      let isFull = ProgramFiles().tree.inputIsFull
      ProgramFiles().wakeWaiters()
      cpu_sti()
      if isFull {
        // Somebody can read and will; it is looked at again rather than have every read tell.
        _ = try? Threads.sleep(nanoseconds: 1_000_000)
      } else {
        // Counted, so a byte that came in between is not missed.
        _ = try? reference.node.threads.inputArrived.wait()
      }
    }
  }

  /// What the thread does on a node without a console: it goes on with output whenever there is room for more.
  private static func relayForEver() -> Never {
    let reference = NodeReference()
    while true {
      _ = try? reference.node.threads.inputArrived.wait()
      cpu_cli()
      ProgramFiles().wakeWaiters()
      cpu_sti()
    }
  }

  /// Whether a byte is for a guest, or says who is to have the terminal.
  private static func isTaken(_ byte: UInt8) -> Bool {
    guard let takeInput = NodeReference().node.takeInput else { return false }
    let isTaken = takeInput(byte)
    // Waking a guest has let interrupts in.
    cpu_cli()
    return isTaken
  }

  private static func take(_ byte: UInt8) {
    guard let signal = ProgramFiles().tree.receive(byte) else { return }
    Programs().send(
      signal.signal, SignalInformation(code: SignalInformation.kernelCode), toGroup: Int32(signal.group))
  }

  /// Shows what the terminal has for its device.
  package static func show() {
    let files = ProgramFiles()
    guard files.tree.hasOutput else { return }
    let reference = NodeReference()
    var bytes: InlineArray<128, UInt8> = .init(repeating: 0)
    let relay = reference.node.identity.ownsDevices ? nil : reference.node.relay
    while true {
      // What finds no room stays in the terminal, and whoever writes more waits.
      if let relay, relay.room() < bytes.count { return }
      var span = bytes.mutableSpan
      let count = files.tree.takeOutput(into: &span)
      if count == 0 { return }
      for index in 0..<count {
        if let relay { relay.write(bytes[index]) } else { reference.node.log.output.writeRaw(bytes[index]) }
      }
    }
  }

  /// Says on another node's console how the first program of this one has ended.
  package static func relayEnd(_ status: ExitStatus) {
    show()
    guard let relay = NodeReference().node.relay else { return }
    var text: Text = "the first program ended with status "
    text.append(decimal: UInt64(status.code ?? 128 + (status.signal ?? 0)))
    text.append("\n")
    guard relay.room() >= text.count else { return }
    for index in 0..<text.count { relay.write(text[index]) }
  }
}
