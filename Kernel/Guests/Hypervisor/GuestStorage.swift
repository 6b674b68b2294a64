/// What the host keeps of a guest and is too large for a thread's stack.

import GuestInterface
import X86

/// The gates, descriptors and counts of a guest; its owner gives the memory, and they are made where they lie.
public struct GuestStorage: BitwiseCopyable {
  /// Where the guest's vectors arrive.
  public internal(set) var gates: InlineArray<256, GuestGate>
  /// The guest's descriptors.
  public internal(set) var segments: InlineArray<32, SegmentDescriptor>
  /// The three descriptors of thread-local storage as the guest gave them, before they were made harmless.
  var threadWords: InlineArray<6, UInt32>
  /// How often what happened.
  public internal(set) var statistics: GuestStatistics

  /// Makes the storage of a new guest: no gates, no descriptors, nothing counted.
  ///
  /// - Safety: `place` must be memory for one, that nobody else uses.
  @unsafe static func make(at place: UnsafeMutablePointer<GuestStorage>) {
    // Of all three, nothing is bytes of zeros: the first case of a gate's kind is `absent`. A value built on the stack
    // and copied here would need several kilobytes of it.
    // SAFETY: the caller promises the memory.
    unsafe UnsafeMutableRawPointer(place).initializeMemory(
      as: UInt8.self, repeating: 0, count: MemoryLayout<GuestStorage>.stride)
  }
}
