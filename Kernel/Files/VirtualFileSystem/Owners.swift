/// Who has what: tables of descriptors, places in the tree, and files that are held.

import FileSystem
import FileSystemFormat
import LinuxABI
import Streams

extension VirtualFileSystem {
  /// Makes an empty table of descriptors.
  @export(interface)
  public mutating func makeFiles() throws(ErrorNumber) -> FilesIndex {
    guard !tables.isFull, let page = pool.allocate() else { throw .outOfMemory }
    guard let index = tables.insert(DescriptorTable(page: page)) else { throw .outOfMemory }
    return FilesIndex(rawValue: UInt16(index))
  }

  /// Notes that one more process has the table, as `CLONE_FILES` asks.
  public mutating func shareFiles(_ files: FilesIndex) { tables[Int(files.rawValue)].references += 1 }

  /// Makes a place at the root of the tree, with a mask of 022.
  @export(interface)
  public mutating func makePlace() throws(ErrorNumber) -> PlaceIndex {
    let root = mounts[0].root
    guard let index = places.insert(Place(working: root, root: root, mask: 0o022)) else { throw .outOfMemory }
    hold(root)
    hold(root)
    return PlaceIndex(rawValue: UInt16(index))
  }

  /// Makes a copy of a place, as `fork` does.
  @export(interface)
  public mutating func copyPlace(_ place: PlaceIndex) throws(ErrorNumber) -> PlaceIndex {
    var copy = places[Int(place.rawValue)]
    copy.references = 1
    guard let index = places.insert(copy) else { throw .outOfMemory }
    hold(copy.working)
    hold(copy.root)
    return PlaceIndex(rawValue: UInt16(index))
  }

  /// Notes that one more process has the place, as `CLONE_FS` asks.
  public mutating func sharePlace(_ place: PlaceIndex) { places[Int(place.rawValue)].references += 1 }

  /// Gives a place up.
  @export(interface)
  public mutating func releasePlace(_ place: PlaceIndex) {
    let index = Int(place.rawValue)
    places[index].references -= 1
    guard places[index].references == 0 else { return }
    let (working, root) = (places[index].working, places[index].root)
    places.remove(index)
    letGo(working)
    letGo(root)
  }

  /// Sets the mask of a place, as `umask` does; returns the old one.
  public mutating func setMask(_ mask: UInt16, for caller: FileCaller) -> UInt16 {
    let old = places[Int(caller.place.rawValue)].mask
    places[Int(caller.place.rawValue)].mask = mask & 0o777
    return old
  }

  // MARK: - Holding

  /// Notes that somebody uses a file without having it open: a program that runs, a mapping.
  @export(interface)
  public mutating func hold(_ node: FileNode) {
    guard node.mount < Self.mountCapacity, mounts[node.mount].kind.hasDisk else { return }
    do throws(FileSystemError) {
      try self[disk: node.mount].retain(node.inode)
    } catch {
      _ = note(error, on: node.mount)
    }
  }

  /// Ends a `hold`; a file without a name goes with the last one.
  @export(interface)
  public mutating func letGo(_ node: FileNode) {
    guard node.mount < Self.mountCapacity, mounts[node.mount].kind.hasDisk else { return }
    do throws(FileSystemError) {
      try self[disk: node.mount].release(node.inode)
    } catch {
      _ = note(error, on: node.mount)
    }
  }

  /// Reads bytes of a file that is held but not open: a program, a mapping.
  @export(interface)
  public mutating func read(
    _ node: FileNode, at position: UInt64, into buffer: inout MutableSpan<UInt8>
  ) throws(ErrorNumber) -> Int {
    do throws(FileSystemError) {
      guard node.mount < Self.mountCapacity, mounts[node.mount].kind.hasDisk else { throw .invalidArgument }
      return try self[disk: node.mount].read(node.inode, at: position, into: &buffer)
    } catch {
      throw note(error, on: node.mount)
    }
  }

  // MARK: - Descriptors

  /// The index of the description behind a descriptor.
  @inline(__always)
  package func description(_ number: Int32, of files: FilesIndex) throws(ErrorNumber) -> Int {
    let table = Int(files.rawValue)
    guard number >= 0, Int(number) < tables[table].end else { throw .badDescriptor }
    let descriptor = Descriptor(word: pool.word(Int(number), of: tables[table].page))
    guard !descriptor.isFree else { throw .badDescriptor }
    return descriptor.description
  }

  /// The description behind a descriptor.
  package func openFile(_ number: Int32, of files: FilesIndex) throws(ErrorNumber) -> OpenFile {
    openFiles[try description(number, of: files)]
  }
}
