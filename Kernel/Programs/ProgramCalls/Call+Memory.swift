/// Calls about the memory of a program, and running another.

import AddressSpace
import Base
import LinuxABI
import OpenFiles
import Processes
import ProgramFiles
import ProgramLife
import ProgramRecords
import Regions
import Runtime
import Scheduling
import UserMemory
import VirtualFileSystem

extension Call {
  /// What a protection means.
  @inline(never)
  private func access(_ protection: UInt) throws(ErrorNumber) -> Access {
    guard protection & ~0x0300_000F == 0 else { throw .invalidArgument }
    var access: Access = []
    if protection & 1 != 0 { access.insert(.read) }
    if protection & 2 != 0 { access.formUnion([.read, .write]) }
    if protection & 4 != 0 { access.formUnion([.read, .execute]) }
    return access
  }

  /// `mmap`.
  @inline(never)
  func map(
    _ address: UInt, _ length: UInt, _ protection: UInt, _ flags: UInt, _ number: Int32, page: UInt64
  ) throws(ErrorNumber) -> Int {
    let access = try access(protection)
    guard length > 0 else { throw .invalidArgument }
    let kind = flags & 15
    guard kind == 1 || kind == 2 || kind == 3 else { throw .invalidArgument }
    let isShared = kind != 2
    var content: RegionContent
    if flags & 0x20 != 0 {
      content = RegionContent(access, isShared: isShared)
    } else if try files.tree.isZeroDevice(number, for: caller) {
      content = RegionContent(access, isShared: isShared)
    } else {
      let node = try files.tree.mappable(number, isShared: isShared, for: caller)
      if isShared {
        let isForReading = !(try files.tree.isWritable(number, for: caller))
        guard !isForReading || !access.contains(.write) else { throw .accessDenied }
        content = RegionContent(sharing: node.rawValue, access, page: page, isForReading: isForReading)
      } else {
        content = RegionContent(access, file: node.rawValue, page: page)
      }
    }
    let placement: Placement = flags & 0x10_0000 != 0 ? .fixedIfFree : flags & 0x10 != 0 ? .fixed : .anywhere
    content.access = access
    var request = MapRequest(length, at: address, placement, content)
    request.isUnreserved = flags & 0x4000 != 0
    let limit = process.fields.limits.soft[ResourceLimit.memory]
    if limit != .max, UInt64(length) > limit { throw .outOfMemory }
    do throws(SpaceError) {
      return Int(bitPattern: try UserMemory.map(request, in: &process.fields.space.space))
    } catch { throw ErrorNumber(error) }
  }

  @inline(never)
  func unmap() throws(ErrorNumber) -> Int {
    do throws(SpaceError) { try UserMemory.unmap(a, b, in: &process.fields.space.space) } catch {
      throw ErrorNumber(error)
    }
    return 0
  }

  @inline(never)
  func protect() throws(ErrorNumber) -> Int {
    let access = try access(c)
    do throws(SpaceError) { try UserMemory.protect(a, b, access, in: &process.fields.space.space) } catch {
      throw ErrorNumber(error)
    }
    return 0
  }

  /// `msync`: what is written is in the file at once.
  @inline(never)
  func synchronize() throws(ErrorNumber) -> Int {
    // MS_ASYNC, MS_INVALIDATE, MS_SYNC; now and later can't both be.
    guard c & ~7 == 0, c & 5 != 5, a & 4095 == 0 else { throw .invalidArgument }
    do throws(SpaceError) { try UserMemory.synchronize(a, b, in: &process.fields.space.space) } catch {
      throw ErrorNumber(error)
    }
    return 0
  }

  @inline(never)
  func remap() throws(ErrorNumber) -> Int {
    guard d & ~3 == 0, d & 2 == 0 || d & 1 != 0, b > 0 else { throw .invalidArgument }
    do throws(SpaceError) {
      return Int(
        bitPattern: try UserMemory.remap(
          a, b, to: c, at: d & 2 != 0 ? e : nil, mayMove: d & 1 != 0, in: &process.fields.space.space))
    } catch {
      if case .unmapped = error { throw .badAddress }
      throw ErrorNumber(error)
    }
  }

  /// `madvise`: only what changes contents is done.
  @inline(never)
  func advise() throws(ErrorNumber) -> Int {
    switch c {
    case 4:  // MADV_DONTNEED
      do throws(SpaceError) { try UserMemory.discard(a, b, in: &process.fields.space.space) } catch {
        throw ErrorNumber(error)
      }
      return 0
    case 0...3, 8, 10...19, 25: return 0
    default: throw .invalidArgument
    }
  }

  /// `execve`.
  @inline(never)
  func execute() throws(ErrorNumber) -> Int {
    try programs.execute(a, b, c, by: thread)
    return thread.result
  }
}
