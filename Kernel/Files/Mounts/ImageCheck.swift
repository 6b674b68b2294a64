/// Whether an image may be written to.

import Base
import FileSystemCheck
import FileSystemFormat
import Log
import Runtime

/// Checks an image that was not unmounted in order.
enum ImageCheck {
  /// What the kernel does with an image.
  enum Verdict {
    case sound
    case inconsistent
    case unchecked

    /// The end of the line about the mount.
    var phrase: Text {
      switch self {
      case .sound: ""
      case .inconsistent: ", read-only, because it contradicts itself"
      case .unchecked: ", read-only, because there is no memory to check it"
      }
    }
  }

  /// Keeps the first finding.
  private struct FirstFinding: FindingSink {
    var kind: FindingKind?
    var inode: UInt32 = 0
    mutating func found(_ finding: Finding) {
      guard kind == nil else { return }
      kind = finding.kind
      inode = UInt32(truncatingIfNeeded: finding.inode)
    }
  }

  /// The verdict on an image whose superblock is sound.
  ///
  /// An image that was unmounted in order is believed; what it says is checked whenever it is used.
  static func verdict(on store: borrowing BlockStore) -> Verdict {
    guard let superblock = try? Superblock(of: store), superblock.state != .clean else { return .sound }
    log(.warning, "files", "the ramdisk was not unmounted in order: it is checked")
    let size = FileSystemCheck<FirstFinding>.scratchByteCount(for: superblock.geometry)
    guard let scratch = RawMemory.takeRun(size) else { return .unchecked }
    let (address, count) = (scratch.address, scratch.byteCount)
    defer { RawMemory.giveBack(address, count) }
    let outcome = FileSystemCheck.run(store.alias, scratch: scratch, into: FirstFinding())
    guard let kind = outcome.sink.kind else { return .sound }
    var text: Text = ""
    text.append(kind.phrase)
    log(.error, "files", "the ramdisk: \(text), inode \(outcome.sink.inode)")
    return .inconsistent
  }
}
