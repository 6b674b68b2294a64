/// Where guests' disks are: boot modules, and files of the ramdisk, changed in place.

import Arch
import Archive
import Base
import BootInformation
import GuestImage
import Runtime
import Virtio

extension GuestReference {
  /// Finds the disks of the guest: the file of the ramdisk that its description names, and the modules behind its own.
  package func findDisks(_ guests: GuestTableReference) throws(GuestImageError) {
    let name = fields.description.disk
    if !name.isEmpty { try add(try ramdiskFile(name), guests, UInt64(name.lowerBound)) }
    var index = fields.module + 1
    while let description = try BootModules.description(at: index), description.kind != .kernel {
      if description.kind == .disk {
        let module = NodeReference().node.boot.module(at: index)
        guard module.end.rawValue <= AddressMap.directMapSize,
          let start = DirectMap.virtualAddress(of: module.start)
        else { throw .init(.badDisk, module.byteCount) }
        try add(Self.range(start.rawValue, module.byteCount), guests, UInt64(index))
      }
      index += 1
    }
  }

  private func add(_ range: DiskRange, _ guests: GuestTableReference, _ value: UInt64) throws(GuestImageError)
  {
    guard range.sectorCount > 0 else { throw .init(.badDisk, UInt64(range.sectorCount)) }
    guard fields.diskCount < 4 else { throw .init(.tooManyDisks, value) }
    for number in 1...UInt32(guests.table.count) {
      guard let other = guests.guest(number) else { continue }
      for index in 0..<other.fields.diskCount where other.fields.disks[index].start == range.start {
        throw .init(.noSuchDisk, value)
      }
    }
    fields.disks[fields.diskCount] = range
    fields.diskCount += 1
  }

  private static func range(_ start: UInt, _ byteCount: UInt64) -> DiskRange {
    DiskRange(
      start: start, sectorCount: UInt32(truncatingIfNeeded: byteCount / UInt64(GuestDevices.sectorSize)))
  }

  /// A file of the ramdisk, an archive; its bytes lie in it without a gap.
  private func ramdiskFile(_ name: Range<Int>) throws(GuestImageError) -> DiskRange {
    let reference = NodeReference()
    guard reference.node.boot.moduleCount > 0,
      let archive = Ramdisk.span(of: reference.node.boot.module(at: 0)),
      let start = DirectMap.virtualAddress(of: reference.node.boot.module(at: 0).start),
      let data = reference.node.boot.file(name, ofText: fields.module, in: archive)
    else { throw .init(.noSuchDisk, UInt64(name.lowerBound)) }
    return Self.range(start.rawValue + UInt(data.lowerBound), UInt64(data.count))
  }
}

// A borrow of the whole structure would copy it: this counts as a change.
extension BootInformation {
  /// Where the data of a file lies in an archive whose name stands in a module's text.
  fileprivate mutating func file(
    _ name: Range<Int>, ofText module: Int, in archive: Span<UInt8>
  ) -> Range<Int>? {
    let text = bytes(of: self.module(at: module).text)
    var reader = ArchiveReader(archive)
    while let entry = try? reader.next() {
      guard entry.kind == .file, entry.name.count == name.count else { continue }
      var isSame = true
      for offset in 0..<name.count
      where archive[entry.name.lowerBound + offset] != text[name.lowerBound + offset] {
        isSame = false
      }
      if isSame { return entry.data }
    }
    return nil
  }
}
