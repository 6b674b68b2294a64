/// The machine's side of guests' network cards: frames on their way from one guest to another.

import Arch
import Base
import CMachine
import Runtime
import Virtio

/// Frames that wait for a guest, and the one that it is sending.
///
///     0       the frame that is being sent
///     1520 n  frame n - 1 of those that wait
package struct NetworkCard: BitwiseCopyable {
  private static var frameSize: UInt { 1_520 }
  /// The most frames that wait.
  private static var capacity: UInt32 { 16 }

  private let memory = KernelHeap.allocate(Int(frameSize) * Int(capacity + 1)).rawValue
  private var sizes: InlineArray<16, UInt32> = .init(repeating: 0)
  private var head: UInt32 = 0
  private var tail: UInt32 = 0
  private var outgoingSize: UInt32 = 0
  private var outgoingOffset: UInt = 0
  /// Frames that found no room.
  package private(set) var lostCount: UInt64 = 0

  // MARK: - Sending

  package mutating func begin(byteCount: UInt32) {
    outgoingSize = min(byteCount, Network.longestFrame)
    outgoingOffset = 0
  }

  mutating func put(_ word: UInt32) {
    guard outgoingOffset + 4 <= Self.frameSize else { return }
    cpu_store32(memory + outgoingOffset, word)
    outgoingOffset += 4
  }

  /// Where the frame that is being sent goes to.
  var destination: UInt64 {
    UInt64(cpu_load32(memory)) | UInt64(cpu_load32(memory + 4) & 0xFFFF) << 32
  }

  // MARK: - Receiving

  /// Takes the frame that another card is sending.
  mutating func receive(from other: borrowing NetworkCard) {
    guard tail &- head < Self.capacity else {
      lostCount += 1
      return
    }
    let slot = tail % Self.capacity
    for offset in stride(from: UInt(0), to: UInt(other.outgoingSize), by: 4) {
      cpu_store32(place(slot) + offset, cpu_load32(other.memory + offset))
    }
    sizes[Int(slot)] = other.outgoingSize
    tail &+= 1
  }

  var waitingFrame: UInt32? { head == tail ? nil : sizes[Int(head % Self.capacity)] }

  func word(_ offset: UInt32) -> UInt32 {
    UInt(offset) + 4 <= Self.frameSize ? cpu_load32(place(head % Self.capacity) + UInt(offset)) : 0
  }

  mutating func drop() { if head != tail { head &+= 1 } }

  private func place(_ slot: UInt32) -> UInt { memory + UInt(slot + 1) * Self.frameSize }
}
