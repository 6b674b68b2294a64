/// Guests that are started again and again.

/// What the starts of a guest came to.
package struct GuestSeries: BitwiseCopyable {
  /// Starts that the host ended.
  package var kills: UInt32 = 0
  /// Those of them that were not over in time.
  package var outlived: UInt32 = 0
  /// Starts that never began because an allocation was refused them.
  package var refused: UInt32 = 0
  /// Frames that were free after the first start that began.
  package var framesAfterFirst: UInt32 = 0
  /// Calls, and those of them that came through the ring.
  package var calls: UInt64 = 0
  package var ringCalls: UInt64 = 0
  /// Page faults that showed a page, and traps that were the guest's own.
  package var fills: UInt64 = 0
  package var reflections: UInt64 = 0
  /// Times that the shadow tables were looked through.
  package var audits: UInt64 = 0
}
