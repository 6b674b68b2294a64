/// What a boot loader would have told a node that starts from reset: fixed, versioned, checksummed.
///
/// There is no BIOS behind a core that starts at 0xfffffff0, so no memory map, no command line and no ramdisk
/// pointer. Whoever places the images writes this structure, 4 KiB at a core address that start-up code passes on:
///
///     offset size
///       0     8   magic "APUSBOOT"
///       8     4   version (1)
///      12     4   checksum: CRC-32C of all 4096 bytes with this field 0
///      16     1   node             17  1  node count        18  2  generation
///      20     4   flags (0)
///      24     8   memory bytes, from core address 0
///      32     4   kernel core address       36  4  kernel bytes
///      40     4   ramdisk core address      44  4  ramdisk bytes (0: none)
///      48     4   window core address       52  4  window bytes
///      56     4   command-line bytes, at most 960
///      60     4   reserved, 0
///      64   960   command line, not terminated, the rest 0
///     1024 2048   lookup table: 256 rows of 8 bytes, see `encodeRow`
///     3072    4   images core address      3076  4  images bytes (0: none), see NodeImage.swift
///     3080 1016   reserved, 0
///
/// All numbers are little-endian on every architecture.

import Base

/// Why a boot structure was refused.
public enum BootStructureError: Error, BitwiseCopyable, Sendable {
  /// Fewer bytes than the structure has, or bytes that can't be read.
  case tooShort
  /// The first bytes are not the magic.
  case notABootStructure
  /// A version that this kernel does not know.
  case unknownVersion
  /// The bytes changed after they were written.
  case wrongChecksum
  /// A count or a length contradicts the rest.
  case inconsistent
}

/// What a node is told at its start.
public struct BootStructure: BitwiseCopyable, Sendable {
  /// Bytes in the encoded structure.
  @inlinable public static var byteCount: Int { 4096 }
  /// The most bytes in a command line.
  @inlinable public static var commandLineCapacity: Int { 960 }
  /// The version that this source writes and reads.
  @inlinable public static var version: UInt32 { 1 }

  /// This node's number.
  public var node: UInt8 = 0
  /// The nodes of the machine.
  public var nodeCount: UInt8 = 1
  /// How often this node was started, from 1.
  public var generation: UInt16 = 1
  /// Bytes of private memory from core address 0.
  public var memoryBytes: UInt64 = 0
  /// Core address and bytes of the kernel.
  public var kernel: (address: UInt32, bytes: UInt32) = (0, 0)
  /// Core address and bytes of the ramdisk.
  public var ramdisk: (address: UInt32, bytes: UInt32) = (0, 0)
  /// Core address and bytes of the images of all nodes, for the node that starts others anew.
  public var images: (address: UInt32, bytes: UInt32) = (0, 0)
  /// Core address and bytes of the shared window.
  public var window: (address: UInt32, bytes: UInt32) = (0, 0)
  /// The command line's bytes; those past `commandLineCount` are 0.
  public var commandLine: InlineArray<960, UInt8> = .init(repeating: 0)
  /// The bytes in the command line.
  public var commandLineCount: UInt32 = 0
  /// What the node may reach.
  public var table = LookupTable()

  /// Makes a structure with nothing in it.
  public init() {}

  /// Packs a row into 8 bytes: the system address's upper 40 bits, owner, access and kind.
  ///
  ///     63                24 23    16 15     8 7      0
  ///     ┌──────────────────┬────────┬────────┬────────┐
  ///     │ system >> 24     │ owner  │ access │ kind   │
  ///     └──────────────────┴────────┴────────┴────────┘
  public static func encodeRow(_ segment: Segment) -> UInt64 {
    (segment.system.rawValue >> 24) << 24 | UInt64(segment.owner) << 16
      | UInt64(segment.access.rawValue) << 8 | UInt64(segment.kind.rawValue)
  }

  /// Unpacks a row, or `nil` for a kind or an access that does not exist.
  public static func decodeRow(_ bits: UInt64) -> Segment? {
    guard let kind = SegmentKind(rawValue: UInt8(truncatingIfNeeded: bits)), bits >> 8 & 0xF8 == 0 else {
      return nil
    }
    return Segment(
      kind, Access(rawValue: UInt8(truncatingIfNeeded: bits >> 8)),
      owner: UInt8(truncatingIfNeeded: bits >> 16),
      system: PhysicalAddress((bits >> 24) << 24))
  }
}
