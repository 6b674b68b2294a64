/// Listing directories.

import FileSystem
import FileSystemFormat
import LinuxABI
import VirtualFileSystem

extension VirtualFileSystem {
  /// The calls `getdents` and `getdents64`.
  ///
  /// - Returns: the bytes written, 0 at the end.
  /// - Throws: `.invalidArgument` when the buffer has no room for the next entry.
  @export(interface)
  public mutating func list(
    _ number: Int32, _ layout: DirectoryLayout, into buffer: inout MutableSpan<UInt8>, for caller: FileCaller
  ) throws(ErrorNumber) -> Int {
    let index = try description(number, of: caller.files)
    guard openFiles[index].kind == .directory else { throw .notDirectory }
    let node = openFiles[index].node
    if mounts[node.mount].kind == .processes { return try listProcesses(index, layout, into: &buffer) }
    var done = 0
    do throws(FileSystemError) {
      var position = openFiles[index].position
      while let entry = try self[disk: node.mount].entry(of: node.inode, at: position) {
        guard layout.length(forName: entry.nameLength) <= buffer.count - done else {
          guard done > 0 else { throw .invalidArgument }
          break
        }
        let start = done + layout.nameOffset
        done += layout.write(
          inode: UInt64(entry.inode.rawValue), next: entry.next, kind: entry.kind,
          nameLength: entry.nameLength,
          to: &buffer, at: done)
        if let place = entry.namePlace {
          self[disk: node.mount].store.copy(from: place, count: entry.nameLength, into: &buffer, at: start)
        } else {
          for index in 0..<entry.nameLength { buffer[start + index] = UInt8(ascii: ".") }
        }
        position = entry.next
        openFiles[index].position = position
      }
      try self[disk: node.mount].touchAccessed(node.inode, at: caller.now)
    } catch {
      throw note(error, on: node.mount)
    }
    return done
  }

  private mutating func listProcesses(
    _ index: Int, _ layout: DirectoryLayout, into buffer: inout MutableSpan<UInt8>
  ) throws(ErrorNumber) -> Int {
    guard let directory = ProcessNode(number: openFiles[index].node.number) else { throw .noSuchFile }
    var done = 0
    while let (text, node, next) = processEntry(of: directory, at: openFiles[index].position) {
      guard layout.length(forName: text.count) <= buffer.count - done else {
        guard done > 0 else { throw .invalidArgument }
        break
      }
      let start = done + layout.nameOffset
      done += layout.write(
        inode: node.number, next: next, kind: node.entry.kind.rawValue, nameLength: text.count, to: &buffer,
        at: done)
      for index in 0..<text.count { buffer[start + index] = text.bytes[index] }
      openFiles[index].position = next
    }
    return done
  }

  /// The entry of a directory of `/proc` at or after a position: dots, then names, then numbers.
  private func processEntry(
    of directory: ProcessNode, at position: UInt64
  ) -> (ShortText, ProcessNode, next: UInt64)? {
    var position = position
    if position == 0 { return (ShortText("."), directory, 1) }
    if position == 1 { return (ShortText(".."), ProcessNode(.top), 2) }
    if directory.entry != .descriptors {
      let range = directory.entry == .top ? ProcessEntry.topNames : ProcessEntry.processNames
      let number = UInt64(range.lowerBound) + position - 2
      if number <= UInt64(range.upperBound), let entry = ProcessEntry(rawValue: UInt8(number)) {
        return (ShortText(entry.name), ProcessNode(entry, process: directory.process), position + 1)
      }
    }
    position = max(position, 100)
    switch directory.entry {
    case .top:
      // In the order of their numbers: the lowest that is not below the position's.
      var best: UInt32?
      for slot in 0..<processes.end where processes.contains(slot) {
        let number = processes[slot].number
        if UInt64(number) + 100 >= position, number < best ?? .max { best = number }
      }
      guard let best else { return nil }
      return (ShortText(best), ProcessNode(.process, process: best), UInt64(best) + 101)
    case .descriptors:
      var number = Int(position - 100)
      while number < DescriptorTable.capacity {
        if descriptor(number, ofProcess: directory.process) != nil {
          let node = ProcessNode(.descriptor, process: directory.process, descriptor: UInt16(number))
          return (ShortText(UInt32(number)), node, UInt64(number) + 101)
        }
        number += 1
      }
      return nil
    default: return nil
    }
  }
}
