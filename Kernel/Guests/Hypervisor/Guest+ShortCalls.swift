/// The calls of a switch between tasks, the shortest way.
///
/// A kernel that switches between its tasks posts the other task's stack, thread segments and perhaps root, and makes a
/// call that carries them out. Nearly always all of these are known: the stack is in view, the segments are as they
/// were, the root has its shadow. Then nothing is to be done but to note which; the rest is left to `handleCall`.

import Base
import GuestInterface
import Paging
import ShadowPaging

extension Guest {
  /// Carries out the posted entries of the ring as long as they need nothing but a note.
  ///
  /// Returns whether that was all of them; the first that needs more is still posted.
  @inline(never)
  mutating func drainShortCalls<Memory: ShadowMemory & ~Copyable>(
    _ data: UInt32, in memory: inout Memory
  ) -> Bool where Memory.Entry == Format.Entry {
    for _ in 0..<GuestData.ringCount {
      let status = data &+ GuestData.ringStatus &+ ringCursor
      guard memory.load8(status) == 0 else { return true }
      let entry = data &+ GuestData.ring &+ ringCursor &* GuestData.ringEntrySize
      let (number, first) = (memory.load32(entry), memory.load32(entry &+ 4))
      // By how often they come; a table of jumps would cost more than the comparisons.
      if number == HypercallNumber.setStack.rawValue {
        guard noteStack(first, top: memory.load32(entry &+ 8), pageCount: memory.load32(entry &+ 12)) else {
          return false
        }
      } else if number == HypercallNumber.loadThreadSegments.rawValue {
        guard hasThreadSegments(at: first, in: memory) else { return false }
      } else if number == HypercallNumber.newPageTable.rawValue {
        guard shadow.useKnown(guestRoot: first) else { return false }
      } else if number == HypercallNumber.setTaskSwitched.rawValue {
        isTaskSwitched = first != 0
      } else {
        return false
      }
      ringCursor = (ringCursor &+ 1) & (GuestData.ringCount - 1)
      memory.store8(GuestData.ringFree, status)
      storage.statistics.ringCalls &+= 1
      storage.statistics.calls[Int(truncatingIfNeeded: number & 31)] &+= 1
    }
    return true
  }

  /// Goes on with a stack that is in view; returns whether it is.
  @inline(__always)
  private mutating func noteStack(_ segment: UInt32, top: UInt32, pageCount: UInt32) -> Bool {
    guard segment & 3 == 1, segment < GuestSegments.count &* 8,
      shadow.useKnownStack(top: top, pageCount: pageCount)
    else { return false }
    stackSegment = segment
    stackTop = top
    return true
  }

  /// Whether the three descriptors at an address are those that were loaded last.
  @inline(__always)
  private func hasThreadSegments<Memory: ShadowMemory & ~Copyable>(
    at address: UInt32, in memory: borrowing Memory
  ) -> Bool where Memory.Entry == Format.Entry {
    guard memory.contains(address, byteCount: GuestSegments.threadEntryCount &* 8) else { return false }
    var difference: UInt32 = 0
    for index in 0..<6 {
      difference |= memory.load32(address &+ UInt32(index) &* 4) ^ storage.threadWords[index]
    }
    return difference == 0
  }
}
