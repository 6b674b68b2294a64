/// The call ports of programs: made, found, and closed when their owner ends or runs another program.

import Base
import Runtime
import Sync

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
}
