/// The call ports of programs: made, found, and closed when their owner ends or runs another program; and where a thread
/// keeps its messages.

import Arch
import Base
import LinuxABI
import ProgramRecords
import Runtime
import Sync
import UserMemory

extension Programs {
  /// Makes a port that a process serves.
  ///
  /// - Throws: `.tooManyOfOwner`, `.tooMany`.
  @export(interface)
  public func openPort(for process: ProcessReference) throws(PortError) -> UInt {
    if system.ports == nil {
      let memory = KernelHeap.allocate(PortTable.byteCount)
      guard let place = unsafe UnsafeMutableRawPointer(bitPattern: memory.rawValue) else { throw .tooMany }
      // SAFETY: the heap has just given the memory, aligned to 16, and it is kept for ever.
      system.ports = unsafe PortTable(memory: place)
    }
    guard let ports = system.ports else { throw .tooMany }
    return try ports.open(for: UInt(process.fields.number))
  }

  /// Closes a port of a process.
  ///
  /// - Throws: `.notOwner`.
  @export(interface)
  public func closePort(_ number: UInt, of process: ProcessReference) throws(PortError) {
    guard let ports = system.ports else { throw .notOwner }
    try ports.close(number, of: UInt(process.fields.number), in: &NodeReference().node.threads.scheduler)
  }

  /// Closes all ports of a process, which has ended or runs another program now.
  @inline(__always)
  func closePorts(of process: ProcessReference) {
    if let ports = system.ports { closePorts(of: process, ports) }
  }

  @inline(never)
  private func closePorts(of process: ProcessReference, _ ports: PortTable) {
    ports.closeAll(of: UInt(process.fields.number), in: &NodeReference().node.threads.scheduler)
  }

  // MARK: - Memory for messages

  /// Lets a thread keep its messages in memory that the kernel has too, so that they are copied once and can't fault.
  ///
  /// The memory must be anonymous and shared, which has its frames from the beginning and keeps them; the kernel holds the
  /// frame until the thread ends, whatever becomes of the mapping. Whoever shares it sees and writes the messages.
  ///
  /// - Parameter address: a word that the kernel uses, and behind it the message; 0 for no such memory any more.
  /// - Throws: `.invalidArgument` for an address that is not a word's, for a place that is on two pages or no shared memory,
  ///   and `.badAddress` for one that can't be written.
  @export(interface)
  public func setMessageArea(_ address: UInt, of thread: ProgramThreadReference) throws(ErrorNumber) {
    let word = UInt(thread.fields.process.fields.abi.wordSize)
    dropMessageArea(of: thread)
    if address == 0 { return }
    let offset = address & UInt(pageSize - 1)
    // With room for a word of the kernel's, whatever the program's is.
    let size = UInt(MemoryLayout<UInt>.size) + CallPort.maximumBytes
    guard address % word == 0, offset + size <= UInt(pageSize),
      let frame = UserMemory.sharedFrame(at: address, in: &thread.fields.process.fields.space.space)
    else { throw .invalidArgument }
    // Memory that the program can't write is not for messages.
    guard ProgramMemory.write(0 as UInt32, to: address) else { throw .badAddress }
    UserMemory.retain(frame)
    thread.fields.context.messageAddress = address + word
    thread.fields.context.messagePlace = NodeSpaceMemory.address(of: frame) + offset
  }

  /// Lets the memory for messages go.
  @inline(__always)
  func dropMessageArea(of thread: ProgramThreadReference) {
    if _slowPath(thread.fields.context.messagePlace != 0) { releaseMessageArea(of: thread) }
  }

  @inline(never)
  private func releaseMessageArea(of thread: ProgramThreadReference) {
    let place = thread.fields.context.messagePlace
    (thread.fields.context.messageAddress, thread.fields.context.messagePlace) = (0, 0)
    UserMemory.release(NodeSpaceMemory.frame(at: place))
  }
}
