/// Who called whom, read from the frame pointers on a kernel stack.

import Base

/// Kernel memory that may turn out not to be there.
public protocol KernelMemoryReader {
  /// The word at `address`, or `nil` if reading it would fault or `address` is not aligned for a word.
  func word(at address: VirtualAddress) -> UInt?
}

/// A walk up a chain of frame pointers.
///
/// Every function begins with `push frame pointer; mov frame pointer, stack pointer`, so a frame pointer points at
/// the caller's frame pointer, and the word after it is the return address (System V ABI, 3.2.2). A stack that was
/// overwritten must not lead the walk astray: frames only ever lie further up, and the walk has a bound.
public struct Backtrace<Memory: KernelMemoryReader> {
  /// The most frames that are followed.
  public static var limit: Int { 32 }

  private let memory: Memory
  private var framePointer: UInt
  private var framesLeft = Backtrace.limit

  /// Starts at a frame pointer, usually the one of the interrupted code.
  public init(from framePointer: UInt, in memory: Memory) {
    self.memory = memory
    self.framePointer = framePointer
  }

  /// The next return address, or `nil` at the end of the chain.
  public mutating func next() -> VirtualAddress? {
    guard framesLeft > 0, framePointer != 0,
      let caller = memory.word(at: VirtualAddress(framePointer)),
      let place = VirtualAddress(framePointer).advanced(byChecked: UInt(MemoryLayout<UInt>.size)),
      let returnAddress = memory.word(at: place), returnAddress != 0
    else { return nil }
    framesLeft -= 1
    framePointer = caller > framePointer ? caller : 0
    return VirtualAddress(returnAddress)
  }
}
