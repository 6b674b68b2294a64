/// The doorbell's pending word: an interrupt that names its origins, as the SCC's global interrupt controller does.
///
/// Who has sent something sets its bit in the receiver's word and interrupts only if the word was empty: a
/// receiver that has not answered yet will see the bit anyway. The receiver takes the whole word at once, before
/// it looks at the links, so a message announced later sets a bit again and none is lost.

import Window

/// Rings other nodes and answers who rang here.
public struct Doorbell: BitwiseCopyable, Sendable {
  @usableFromInline let layout: LinkLayout
  @usableFromInline let node: UInt8

  /// Makes the doorbell of a node.
  @inlinable
  public init(node: UInt8, layout: LinkLayout) {
    precondition(UInt32(node) < layout.nodeCount, "a doorbell needs a node of the machine")
    self.layout = layout
    self.node = node
  }

  /// Notes at `target` that this node has something for it; true if its processor must be interrupted.
  @inlinable
  public func ring<Window: SharedWindow & ~Copyable>(_ target: UInt8, _ window: borrowing Window) -> Bool {
    let word = layout.pending(of: target) + (node < 32 ? 0 : 4)
    return window.fetchOr(1 << UInt32(node & 31), at: word) == 0
  }

  /// Takes the nodes that rang, one bit each; bits of nodes that do not exist are dropped.
  @inlinable
  public func take<Window: SharedWindow & ~Copyable>(_ window: borrowing Window) -> UInt64 {
    let word = layout.pending(of: node)
    let low = window.exchange(0, at: word)
    let high = layout.nodeCount > 32 ? window.exchange(0, at: word + 4) : 0
    let all: UInt64 = layout.nodeCount == 64 ? .max : (1 << UInt64(layout.nodeCount)) - 1
    return (UInt64(high) << 32 | UInt64(low)) & all
  }
}
