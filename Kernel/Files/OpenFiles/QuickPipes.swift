/// The short way from a descriptor to the bytes of a pipe, for the calls that are made most.
///
/// Only what is usual goes this way: a pipe that is opened to wait. Everything else answers that it does not, and has
/// changed nothing; `read` and `write` do all of it.

import LinuxABI
import Streams
import VirtualFileSystem

/// An open description of a pipe, while a call uses it.
///
/// Safe to use because a description in use keeps its place, and its pipe, until the last reference is dropped: a call
/// that waits holds one.
@safe public struct QuickPipe: BitwiseCopyable {
  let file: UnsafeMutablePointer<OpenFile>
  let record: UnsafeMutablePointer<NamedPipe>
  /// The index of the description.
  let description: Int

  /// The pipe, in place.
  @inline(__always)
  public var pipe: Pipe {
    unsafeAddress {
      // SAFETY: see the type.
      unsafe withUnsafePointer(to: &record.pointee.pipe) { unsafe $0 }
    }
    nonmutating unsafeMutableAddress {
      // SAFETY: see the type.
      unsafe withUnsafeMutablePointer(to: &record.pointee.pipe) { unsafe $0 }
    }
  }

  /// Where those wait who read.
  @inline(__always)
  public var readChannel: WaitChannel { unsafe WaitChannel(2 * Int(file.pointee.stream)) }
  /// Where those wait who write.
  @inline(__always)
  public var writeChannel: WaitChannel { unsafe WaitChannel(2 * Int(file.pointee.stream) + 1) }

  /// Keeps the description open, whoever closes it: the call waits.
  @inline(__always)
  public func hold() { unsafe file.pointee.references += 1 }
}

extension VirtualFileSystem {
  /// The pipe that a descriptor reads from or writes to; `nil` if it is none, or is not to be waited for.
  ///
  /// Mutating only in name: a borrowed `self` would be copied.
  @inline(__always)
  public mutating func quickPipe(_ number: Int32, of files: FilesIndex, writes: Bool) -> QuickPipe? {
    let table = unsafe tables.place(Int(files.rawValue))
    guard number >= 0, unsafe Int(number) < table.pointee.end else { return nil }
    let descriptor = Descriptor(word: pool.word(Int(number), of: unsafe table.pointee.page))
    guard !descriptor.isFree else { return nil }
    let index = descriptor.description
    let file = unsafe openFiles.place(index)
    let flags = unsafe file.pointee.flags.rawValue & Self.quickFlags
    guard unsafe file.pointee.kind == .pipe, writes ? flags &- 1 < 2 : flags & ~2 == 0 else { return nil }
    return unsafe QuickPipe(
      file: file, record: pipes.place(Int(file.pointee.stream)), description: index)
  }

  /// What decides whether a description goes the short way: its access, and what must not be set.
  private static var quickFlags: UInt32 { 3 | OpenFlags.nonBlocking.rawValue | OpenFlags.path.rawValue }

  /// Ends `hold`.
  ///
  /// - Returns: whether it was closed meanwhile, and is no more.
  @inline(__always)
  public mutating func release(_ pipe: QuickPipe) -> Bool {
    if unsafe pipe.file.pointee.references > 1 {
      unsafe pipe.file.pointee.references -= 1
      return false
    }
    closeReleased(pipe)
    return true
  }

  @export(interface)
  mutating func closeReleased(_ pipe: QuickPipe) { dropReference(pipe.description) }

  /// Where the bytes of a run lie.
  ///
  /// - Safety: as for `PagePool.place`.
  @unsafe @inline(__always)
  public mutating func place(of run: Pipe.Run) -> UnsafeMutableRawPointer {
    unsafe pool.place(of: run.page, run.offset, run.count)
  }

  /// The bytes of a run were read; who waits to write can go on.
  @inline(__always)
  public mutating func didRead(_ run: Pipe.Run, from pipe: QuickPipe) {
    pipe.pipe.take(run.count, pool: &pool)
  }
}
