/// The node's heap: for what has no fixed place and no fixed number.
///
/// Hot paths do not use it. It grows by pages up to a limit; exhausting it is a broken invariant of the kernel, because
/// everything that others can make grow has a limit of its own.

import Arch
import Base
import CMachine
import FrameAllocator
import Heap
import Log
import Paging

/// Maps the heap's pages from the node's frames.
public struct NodeHeapGrowth: HeapGrowth, ~Copyable {
  /// Refers to the node's memory; the node must have its tables.
  public init() {}

  /// Maps `count` pages of data from `address` on, or none.
  @export(interface)
  public mutating func mapPages(at address: VirtualAddress, count: Int) -> Bool {
    for index in 0..<count where !mapPage(at: address + UInt(index * pageSize)) {
      for mapped in 0..<index { unmapPage(at: address + UInt(mapped * pageSize)) }
      return false
    }
    return true
  }

  @export(interface)
  private func mapPage(at page: VirtualAddress) -> Bool {
    let reference = NodeReference()
    guard let tables = reference.node.tables else { return false }
    do {
      let frame = try reference.node.frames.allocate(for: .heap)
      do {
        var memory = NodeTableMemory()
        try tables.map(frame, at: page, PageAttributes(.readWrite), in: &memory)
        return true
      } catch {
        release(frame)
        return false
      }
    } catch {
      return false
    }
  }

  @export(interface)
  private func unmapPage(at page: VirtualAddress) {
    guard let tables = NodeReference().node.tables else { return }
    do {
      var memory = NodeTableMemory()
      release(try tables.unmap(page, in: &memory).frame)
      cpu_invlpg(page.rawValue)
    } catch {
      panic("a page of the heap was not mapped: \(page)")
    }
  }

  @export(interface)
  private func release(_ frame: FrameNumber) {
    do {
      try NodeReference().node.frames.free(frame, of: .heap)
    } catch {
      panic("a frame of the heap was not in use: frame \(frame.rawValue)")
    }
  }
}

/// Allocation from the node's heap.
public enum KernelHeap {
  /// The most pages that the heap may have: 16 MiB.
  public static let pageLimit = 4096

  /// Gives out memory, with undefined content; a request that the heap can't meet is a panic.
  ///
  /// - Parameters:
  ///   - byteCount: the bytes wanted.
  ///   - alignment: a power of two up to a page.
  @export(interface)
  public static func allocate(_ byteCount: Int, alignment: Int = 16) -> VirtualAddress {
    // Threads of all levels share it, and one may be preempted anywhere.
    Processor.withoutInterrupts { allocateAlone(byteCount, alignment: alignment) }
  }

  private static func allocateAlone(_ byteCount: Int, alignment: Int) -> VirtualAddress {
    let reference = NodeReference()
    do {
      return try reference.node.heap.allocate(byteCount, alignment: alignment)
    } catch {
      let inUse = reference.node.heap.statistics.bytesInUse
      panic(
        "kernel heap: \(error.sentence): \(byteCount) bytes wanted, \(inUse) in use, limit \(reference.node.heap.limit)"
      )
    }
  }

  /// Gives out memory that a program's request needs, or `nil` if the heap has not as much.
  @export(interface)
  public static func tryAllocate(_ byteCount: Int, alignment: Int = 16) -> VirtualAddress? {
    try? NodeReference().node.heap.allocate(byteCount, alignment: alignment)
  }

  /// Takes memory back; an address that was not given out, or memory that was written past its end, is a panic.
  @export(interface)
  public static func free(_ address: VirtualAddress) {
    Processor.withoutInterrupts { freeAlone(address) }
  }

  private static func freeAlone(_ address: VirtualAddress) {
    do {
      try NodeReference().node.heap.free(address)
    } catch {
      panic("kernel heap: \(error.sentence): \(address)")
    }
  }
}
