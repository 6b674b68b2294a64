/// Tables of descriptors as processes are made, run other programs, and end.

import LinuxABI
import Streams
import VirtualFileSystem

extension VirtualFileSystem {
  /// Makes a copy of a table, as `fork` does: the descriptions are shared.
  @export(interface)
  public mutating func copyFiles(_ files: FilesIndex) throws(ErrorNumber) -> FilesIndex {
    let copy = try makeFiles()
    let (source, destination) = (Int(files.rawValue), Int(copy.rawValue))
    let end = tables[source].end
    pool.copy(tables[source].page, to: tables[destination].page, length: end * 4)
    tables[destination].end = end
    for number in 0..<end {
      let descriptor = Descriptor(word: pool.word(number, of: tables[destination].page))
      if !descriptor.isFree { openFiles[descriptor.description].references += 1 }
    }
    return copy
  }

  /// Gives a table up; the last one closes all of it.
  @export(interface)
  public mutating func releaseFiles(_ files: FilesIndex) {
    let index = Int(files.rawValue)
    tables[index].references -= 1
    guard tables[index].references == 0 else { return }
    for number in 0..<tables[index].end {
      let descriptor = Descriptor(word: pool.word(number, of: tables[index].page))
      if !descriptor.isFree { dropReference(descriptor.description) }
    }
    pool.free(tables[index].page)
    tables.remove(index)
  }

  /// Closes what is marked for it, as `execve` does; the table must not be shared.
  @export(interface)
  public mutating func closeForExecution(_ files: FilesIndex) {
    let index = Int(files.rawValue)
    for number in 0..<tables[index].end {
      let descriptor = Descriptor(word: pool.word(number, of: tables[index].page))
      guard !descriptor.isFree, descriptor.isClosedOnExec else { continue }
      setDescriptor(Descriptor(word: 0), number, of: index)
      dropReference(descriptor.description)
    }
  }
}
