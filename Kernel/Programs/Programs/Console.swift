/// The console as a terminal of programs: a thread hands it what is typed.

import Arch
import Base
import CMachine
import Core
import Interrupts
import LinuxABI
import Log
import Processes
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
  static func show() {
    let files = ProgramFiles()
    guard files.tree.hasOutput else { return }
    let reference = NodeReference()
    var bytes: InlineArray<128, UInt8> = .init(repeating: 0)
    while true {
      var span = bytes.mutableSpan
      let count = files.tree.takeOutput(into: &span)
      if count == 0 { return }
      for index in 0..<count { reference.node.log.output.writeRaw(bytes[index]) }
    }
  }
}
