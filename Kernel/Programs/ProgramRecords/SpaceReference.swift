/// The address space of a process, which another may borrow.

import AddressSpace
import Base
import CMachine
import LinuxABI
import Runtime
import Scheduling
import UserMemory

/// A space and how many processes have it.
struct SpaceRecord: ~Copyable {
  var space: UserSpace
  var count = 1
  /// What `cr3` is for it, which never changes: to reckon it out each time costs a copy of the space.
  let root: UInt
  init(_ space: consuming UserSpace) {
    root = UserMemory.root(of: space)
    self.space = space
  }
}

/// A counted address space, by the place of its record.
///
/// Safe to use because the record is given back with the last process that has it.
@safe public struct SpaceReference: BitwiseCopyable, Equatable {
  let record: UnsafeMutablePointer<SpaceRecord>

  package init(_ space: consuming UserSpace) {
    let place = Programs().system.spareSpaces.allocate(MemoryLayout<SpaceRecord>.size)
    guard let record = unsafe UnsafeMutablePointer<SpaceRecord>(bitPattern: place.rawValue) else {
      preconditionFailure("the heap gave address 0")
    }
    // SAFETY: the heap has just given the memory.
    unsafe record.initialize(to: SpaceRecord(space))
    unsafe self.record = record
  }

  /// Whether both name the same record.
  public static func == (lhs: Self, rhs: Self) -> Bool { unsafe lhs.record == rhs.record }

  /// A word that names it.
  public var payload: UInt { unsafe UInt(bitPattern: record) }

  /// The space, in place.
  public var space: UserSpace {
    // SAFETY: the record lives while anybody has it.
    @inline(__always) _read { yield unsafe record.pointee.space }
    @inline(__always) nonmutating _modify { yield unsafe &record.pointee.space }
  }

  /// The place of the space itself.
  package var address: UInt {
    // SAFETY: the space is stored in the record and does not move.
    unsafe withUnsafeMutablePointer(to: &record.pointee.space) { UInt(bitPattern: $0) }
  }

  /// What `cr3` is for it.
  @inline(__always)
  public var root: UInt { unsafe record.pointee.root }

  /// Whether a word is known to be this space's alone, at the first look.
  @inline(__always)
  public func isPrivate(_ address: UInt) -> Bool { unsafe record.pointee.space.isPrivate(address) }

  /// Whether more than one process has it.
  public var isShared: Bool { unsafe record.pointee.count > 1 }

  /// One more process has it.
  package func retain() -> SpaceReference {
    unsafe record.pointee.count += 1
    return self
  }

  /// One process fewer has it; the last one gives all of it back.
  package func release() {
    unsafe record.pointee.count -= 1
    guard unsafe record.pointee.count == 0 else { return }
    UserMemory.destroy(&space)
    // SAFETY: nobody has it any more.
    unsafe record.deinitialize(count: 1)
    Programs().system.spareSpaces.free(VirtualAddress(payload))
  }

  /// A copy; this one must be in use.
  package func fork() throws(ErrorNumber) -> SpaceReference {
    do throws(SpaceError) { return SpaceReference(try UserMemory.fork(&space)) } catch { throw .outOfMemory }
  }

  /// Moves the end of the heap.
  public func setBreak(_ address: UInt) -> UInt { UserMemory.setBreak(address, in: &space) }

  /// RLIMIT_AS.
  public func setLimit(_ bytes: UInt64) {
    space.pageLimit = UInt(truncatingIfNeeded: min(bytes >> 12, UInt64(UInt.max >> 12)))
  }

  /// RLIMIT_STACK.
  public func setStackLimit(_ bytes: UInt64) {
    space.stackPageLimit = UInt(truncatingIfNeeded: min(bytes >> 12, UInt64(UInt.max >> 12)))
  }

  /// Writes bytes, also when the space is not in use; `false` if it has no such memory.
  package func write(_ bytes: Span<UInt8>, at address: UInt) -> Bool {
    var done = 0
    while done < bytes.count {
      let place = address &+ UInt(done)
      guard let view = UserMemory.view(of: place, for: .write, in: &space) else { return false }
      let count = min(bytes.count - done, pageSize - Int(place & UInt(pageSize - 1)))
      for index in 0..<count { cpu_store8(view + UInt(index), bytes[done + index]) }
      done += count
    }
    return true
  }

  /// Writes a word.
  package func write(_ word: UInt32, to address: UInt) {
    var bytes: InlineArray<4, UInt8> = .init(repeating: 0)
    var span = bytes.mutableSpan
    span.put(UInt64(word), count: 4, at: 0)
    _ = write(bytes.span, at: address)
  }
}

extension ErrorNumber {
  /// The number for a refusal of an address space.
  public init(_ error: SpaceError) {
    self =
      switch error {
      case .invalid: .invalidArgument
      case .outOfMemory, .unmapped: .outOfMemory
      case .occupied: .exists
      case .writableText, .notWritable: .accessDenied
      }
  }
}
