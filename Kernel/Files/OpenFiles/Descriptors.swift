/// Descriptors: numbers of a process for open descriptions.

import FileSystem
import FileSystemFormat
import LinuxABI
import Streams
import VirtualFileSystem

extension VirtualFileSystem {

  mutating func setDescriptor(_ descriptor: Descriptor, _ number: Int, of table: Int) {
    pool.setWord(number, of: tables[table].page, descriptor.word)
  }

  /// The lowest free descriptor from `minimum` on.
  func freeDescriptor(from minimum: Int, for caller: FileCaller) throws(ErrorNumber) -> Int {
    let table = Int(caller.files.rawValue)
    let limit = min(caller.descriptorLimit, DescriptorTable.capacity)
    var number = minimum
    while number < tables[table].end {
      if pool.word(number, of: tables[table].page) == 0 { break }
      number += 1
    }
    guard number < limit else { throw .tooManyOpenFiles }
    return number
  }

  /// Gives a free descriptor a description.
  mutating func install(_ descriptor: Descriptor, at number: Int, of table: Int) {
    // What lies between the old end and the number has never been cleared.
    for hole in tables[table].end..<max(tables[table].end, number) {
      setDescriptor(Descriptor(word: 0), hole, of: table)
    }
    setDescriptor(descriptor, number, of: table)
    tables[table].end = max(tables[table].end, number + 1)
  }

  /// Takes one reference from a description; with the last one it is closed.
  mutating func dropReference(_ index: Int) {
    openFiles[index].references -= 1
    guard openFiles[index].references == 0 else { return }
    let file = openFiles[index]
    openFiles.remove(index)
    if file.kind == .pipe { closePipe(Int(file.stream), file.flags) }
    letGo(file.node)
  }

  /// The call `close`.
  @export(interface)
  public mutating func close(_ number: Int32, for caller: FileCaller) throws(ErrorNumber) {
    let index = try description(number, of: caller.files)
    let table = Int(caller.files.rawValue)
    setDescriptor(Descriptor(word: 0), Int(number), of: table)
    if Int(number) + 1 == tables[table].end {
      var end = Int(number)
      while end > 0, pool.word(end - 1, of: tables[table].page) == 0 { end -= 1 }
      tables[table].end = end
    }
    dropReference(index)
  }

  /// Makes the lowest free descriptor from `minimum` on lead where `number` leads: `dup`, `F_DUPFD`.
  @export(interface)
  public mutating func duplicate(
    _ number: Int32, from minimum: Int = 0, closeOnExec: Bool = false, for caller: FileCaller
  ) throws(ErrorNumber) -> Int32 {
    let index = try description(number, of: caller.files)
    let table = Int(caller.files.rawValue)
    guard minimum >= 0, minimum < caller.descriptorLimit else { throw .invalidArgument }
    let new = try freeDescriptor(from: minimum, for: caller)
    openFiles[index].references += 1
    install(Descriptor(index, closeOnExec: closeOnExec), at: new, of: table)
    return Int32(new)
  }

  /// Makes descriptor `new` lead where `number` leads, after closing it: `dup2`, `dup3`.
  ///
  /// - Parameter mayBeSame: `dup2` does nothing for equal numbers, `dup3` refuses them.
  @export(interface)
  public mutating func duplicate(
    _ number: Int32, to new: Int32, closeOnExec: Bool = false, mayBeSame: Bool, for caller: FileCaller
  ) throws(ErrorNumber) -> Int32 {
    let index = try description(number, of: caller.files)
    guard new >= 0, Int(new) < min(caller.descriptorLimit, DescriptorTable.capacity) else {
      throw .badDescriptor
    }
    if new == number {
      guard mayBeSame else { throw .invalidArgument }
      return new
    }
    openFiles[index].references += 1
    if (try? description(new, of: caller.files)) != nil { try close(new, for: caller) }
    install(Descriptor(index, closeOnExec: closeOnExec), at: Int(new), of: Int(caller.files.rawValue))
    return new
  }

  /// The call `fcntl`.
  ///
  /// - Returns: its result.
  @export(interface)
  public mutating func control(
    _ number: Int32, _ request: DescriptorRequest, _ argument: Int, for caller: FileCaller
  ) throws(ErrorNumber) -> Int {
    let index = try description(number, of: caller.files)
    let table = Int(caller.files.rawValue)
    switch request {
    case .duplicate: return Int(try duplicate(number, from: argument, for: caller))
    case .duplicateCloseOnExec:
      return Int(try duplicate(number, from: argument, closeOnExec: true, for: caller))
    case .getDescriptorFlags:
      return Descriptor(word: pool.word(Int(number), of: tables[table].page)).isClosedOnExec ? 1 : 0
    case .setDescriptorFlags:
      setClosedOnExec(argument & 1 != 0, number, of: table)
      return 0
    case .getStatusFlags: return Int(openFiles[index].flags.rawValue)
    case .setStatusFlags:
      guard openFiles[index].kind != .place else { throw .badDescriptor }
      let wanted = OpenFlags(rawValue: UInt32(truncatingIfNeeded: argument)).intersection(.changeable)
      openFiles[index].flags = openFiles[index].flags.subtracting(.changeable).union(wanted)
      return 0
    case .getPipeSize, .setPipeSize:
      guard openFiles[index].kind == .pipe else { throw .badDescriptor }
      guard request == .getPipeSize || argument <= Pipe.capacity else { throw .notPermitted }
      return Pipe.capacity
    default: throw .invalidArgument
    }
  }

  mutating func setClosedOnExec(_ isClosed: Bool, _ number: Int32, of table: Int) {
    var descriptor = Descriptor(word: pool.word(Int(number), of: tables[table].page))
    descriptor.isClosedOnExec = isClosed
    setDescriptor(descriptor, Int(number), of: table)
  }

  /// Sets or clears the mark for `execve`, as `FIOCLEX` and `close_range` do.
  public mutating func setClosedOnExec(
    _ isClosed: Bool, _ number: Int32, for caller: FileCaller
  ) throws(ErrorNumber) {
    _ = try description(number, of: caller.files)
    setClosedOnExec(isClosed, number, of: Int(caller.files.rawValue))
  }

  /// One past the highest descriptor in use.
  public func descriptorEnd(for caller: FileCaller) -> Int32 { Int32(tables[Int(caller.files.rawValue)].end) }
}
