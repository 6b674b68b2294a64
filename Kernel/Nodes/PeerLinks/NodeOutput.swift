/// What programs show on nodes without a console: it goes to the first node by messages, and that node shows whole lines,
/// each with the number of the node that it comes from.

import Arch
import Base
import CMachine
import Log
import Messaging
import NodeTable
import Runtime
import Scheduling
import Sync
import Window

/// Bytes on their way to the node that shows them.
///
/// Programs append, the thread that owns the links takes; both with interrupts off.
package struct OutputRing: BitwiseCopyable {
  static var capacity: Int { 1024 }
  private var bytes = InlineArray<1024, UInt8>(repeating: 0)
  private var start = 0
  package private(set) var count = 0

  package var room: Int { Self.capacity - count }

  package mutating func append(_ byte: UInt8) {
    guard count < Self.capacity else { return }
    bytes[(start + count) & (Self.capacity - 1)] = byte
    count += 1
  }

  /// A byte that is kept; mutating only in name, as a borrowed ring would be copied.
  package mutating func byte(_ index: Int) -> UInt8 { bytes[(start + index) & (Self.capacity - 1)] }

  package mutating func drop(_ number: Int) {
    start = (start + number) & (Self.capacity - 1)
    count -= number
  }
}

/// How many bytes there is room for; called with interrupts off.
package func outputRoom() -> Int { LinksReference()?.links.output.room ?? 0 }

/// Takes a byte that a program has shown; called with interrupts off.
package func takeOutput(_ byte: UInt8) {
  guard let reference = LinksReference() else { return }
  let wasEmpty = reference.links.output.count == 0
  reference.links.output.append(byte)
  if wasEmpty { wakeLater(reference.links.wake) }
}

extension NodeLinks {
  private static var outputBytes: Int { 240 }

  /// Sends what programs have shown to the first node; what it has not met yet waits, and after its death all is lost.
  mutating func sendOutput() {
    while output.count > 0 {
      guard dead & 1 == 0 else {
        dropOutput(output.count)
        return
      }
      guard online & 1 != 0 else { return }
      var part = InlineArray<240, UInt8>(repeating: 0)
      let count = min(output.count, Self.outputBytes)
      for index in 0..<count { part[index] = output.byte(index) }
      // SAFETY: bytes are bytes; the first node is one of as many as there are.
      let payload = unsafe part.span.bytes.extracting(0..<count)
      guard unsafe peers[0].sender.send(payload, type: MessageType.output.rawValue, window) == .sent else {
        isBlocked = true
        return
      }
      ring(0)
      dropOutput(count)
    }
  }

  private mutating func dropOutput(_ count: Int) {
    Processor.withoutInterrupts { output.drop(count) }
    raise(NodeReference().node.threads.inputArrived)
  }

  /// Shows what another node's programs have written, a line at a time; only what can be printed.
  mutating func showOutput(from node: UInt8, count: Int) {
    for index in 0..<count {
      // SAFETY: the message in the buffer has so many bytes.
      let byte = unsafe buffer.load(fromByteOffset: index, as: UInt8.self)
      // SAFETY: there is a line for each node.
      let line = unsafe outputLines + Int(node)
      let isEnd = byte == UInt8(ascii: "\n")
      if byte >= 0x20 && byte != 0x7F || byte == UInt8(ascii: "\t") { unsafe line.pointee.append(byte: byte) }
      let length = unsafe line.pointee.count
      guard isEnd || length >= 200 else { continue }
      var shown: Text = "[node \(node)] "
      unsafe shown.append(contentsOf: line.pointee)
      Processor.withoutInterrupts { NodeReference().node.log.show(shown) }
      unsafe line.pointee = Text()
    }
  }
}
