/// Where the stacks of threads come from.
///
///     slot n                                            slot n+1
///     ┌──────────────────┬──────────────────────────────┬────────
///     │  absent, 16 KiB  │ ◀── stack, 16 KiB     record │ absent
///     └──────────────────┴──────────────────────────────┴────────
///
/// A thread's record lies at the top of its stack, so one slot is all that a thread needs. Absent is as much as
/// the stack itself: a function with a large frame can't step over it.

import Arch
import Base
import CMachine
import FrameAllocator
import Log
import Paging
import Scheduling

/// Why a thread was not made.
public enum ThreadError: UInt8, Error, BitwiseCopyable, Sendable {
  /// Every slot has a thread.
  case tooManyThreads
  /// There are no frames for another stack.
  case outOfFrames
}

/// The slots of the region for stacks, and a few stacks that are ready for the next thread.
///
/// - Invariant: a slot is taken exactly while its stack is mapped. The cached stacks are mapped and belong to nobody.
struct StackPool: ~Copyable {
  /// Bytes of a slot, half of which are mapped.
  static var slotSize: UInt { 32 << 10 }
  /// Bytes of a stack with the record at its top.
  static var stackSize: UInt { 16 << 10 }
  private static var pageCount: UInt { stackSize / UInt(pageSize) }
  /// The most threads, the idle thread aside.
  static var capacity: Int { 2048 }
  /// The most stacks that are kept mapped for the next thread.
  static var mostCached: Int { 16 }

  private var taken: InlineArray<64, UInt32> = .init(repeating: 0)
  // The bottom of the stack that was given back last; its first word has the next. 0 for none.
  private var firstCached: UInt = 0
  private(set) var cachedCount = 0

  init() {}

  /// A mapped stack: its lowest address.
  @inline(__always)
  mutating func take() throws(ThreadError) -> UInt {
    let bottom = firstCached
    if bottom == 0 { return try mapOne() }
    firstCached = Self.word(at: bottom)
    Self.setWord(at: bottom, to: StackPaint.pattern)
    cachedCount &-= 1
    return bottom
  }

  /// Takes a stack back that nobody runs on.
  @inline(__always)
  mutating func give(_ bottom: UInt) {
    guard cachedCount < Self.mostCached else {
      unmap(bottom)
      return
    }
    Self.setWord(at: bottom, to: firstCached)
    firstCached = bottom
    cachedCount &+= 1
  }

  /// Gives the frames of all cached stacks back.
  mutating func trim() {
    while firstCached != 0 {
      let bottom = firstCached
      firstCached = Self.word(at: bottom)
      cachedCount -= 1
      unmap(bottom)
    }
  }

  @inline(never)
  private mutating func mapOne() throws(ThreadError) -> UInt {
    guard let slot = takeSlot() else { throw .tooManyThreads }
    let bottom = Self.bottom(ofSlot: slot)
    guard let tables = NodeReference().node.tables else {
      preconditionFailure("threads need the kernel's page tables")
    }
    for index in 0..<Self.pageCount {
      let offset = index * UInt(pageSize)
      if !mapPage(bottom + offset, tables) {
        unmap(bottom)
        throw .outOfFrames
      }
    }
    guard let memory = unsafe UnsafeMutableRawPointer(bitPattern: bottom) else { throw .outOfFrames }
    // SAFETY: the pages have just been mapped, for this stack alone.
    unsafe StackPaint.paint(bottom: memory, size: Int(Self.stackSize))
    return bottom
  }

  private func mapPage(_ page: UInt, _ tables: PageTable<KernelTableFormat>) -> Bool {
    let reference = NodeReference()
    guard let frame = try? reference.node.frames.allocate(for: .stack) else { return false }
    var memory = NodeTableMemory()
    do {
      try tables.map(frame, at: VirtualAddress(page), PageAttributes(.readWrite), in: &memory)
      return true
    } catch {
      // It was allocated a moment ago, so it can be freed.
      try? reference.node.frames.free(frame, of: .stack)
      return false
    }
  }

  private mutating func unmap(_ bottom: UInt) {
    let reference = NodeReference()
    guard let tables = reference.node.tables else { return }
    var memory = NodeTableMemory()
    for index in 0..<Self.pageCount {
      let offset = index * UInt(pageSize)
      guard let mapping = try? tables.unmap(VirtualAddress(bottom + offset), in: &memory) else { continue }
      cpu_invlpg(bottom + offset)
      do { try reference.node.frames.free(mapping.frame, of: .stack) } catch {
        panic("a stack's frame was not a stack's: frame \(mapping.frame.rawValue)")
      }
    }
    let slot = Int((bottom - AddressMap.stacks.rawValue) / Self.slotSize)
    taken[slot >> 5] &= ~(1 << UInt32(slot & 31))
  }

  private mutating func takeSlot() -> Int? {
    for index in 0..<64 where taken[index] != .max {
      let bit = (~taken[index]).trailingZeroBitCount
      taken[index] |= 1 << UInt32(bit)
      return index * 32 + bit
    }
    return nil
  }

  private static func bottom(ofSlot slot: Int) -> UInt {
    AddressMap.stacks.rawValue + UInt(slot) * slotSize + (slotSize - stackSize)
  }

  /// The bottom of the stack below which `address` lies, or `nil` if it is not in the absent part of a slot.
  static func bottom(aboveGuard address: VirtualAddress) -> UInt? {
    guard address >= AddressMap.stacks else { return nil }
    let slot = (address.rawValue - AddressMap.stacks.rawValue) / slotSize
    guard slot < UInt(capacity) else { return nil }
    let bottom = bottom(ofSlot: Int(slot))
    return address.rawValue < bottom ? bottom : nil
  }

  @inline(__always)
  private static func word(at address: UInt) -> UInt {
    // SAFETY: the address is the bottom of a mapped stack that nobody uses.
    unsafe UnsafePointer<UInt>(bitPattern: address).unsafelyUnwrapped.pointee
  }

  @inline(__always)
  static func setWord(at address: UInt, to value: UInt) {
    // SAFETY: the address lies in a mapped stack that nobody uses.
    unsafe UnsafeMutablePointer<UInt>(bitPattern: address).unsafelyUnwrapped.pointee = value
  }
}
