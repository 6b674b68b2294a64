/// The strings that a program is started with, in memory of the kernel.

import LinuxABI
import ProgramRecords
import ProgramStack
import UserMemory

/// Arguments, environment and the file's name.
public struct ProgramArguments: ~Copyable {
  /// Keeps the memory of the list.
  private let memory: HeapBytes
  /// The strings.
  var strings: StringList

  /// The bytes in use.
  var count: Int { strings.count }

  /// The most bytes of all strings.
  public static var limit: Int { ProgramStack.usualLimit }

  /// Makes an empty list, or `nil` without memory.
  public init?() {
    guard let memory = HeapBytes(Self.limit) else { return nil }
    // SAFETY: the memory is kept as long as the list, and nobody else knows it.
    strings = unsafe StringList(memory: memory.address, capacity: Self.limit)
    self.memory = memory
  }

  /// Appends a string without its end.
  mutating func append(_ text: Span<UInt8>) throws(ErrorNumber) {
    do throws(ProgramStackError) { try strings.append(text) } catch { throw .argumentListTooLong }
  }

  /// Appends a fixed text.
  mutating func append(_ text: StaticString) throws(ErrorNumber) {
    do throws(ProgramStackError) { try strings.append(text) } catch { throw .argumentListTooLong }
  }

  /// Appends the string at an address of the program.
  mutating func append(from address: UInt) throws(ErrorNumber) {
    let (place, room) = unsafe strings.free
    guard room > 0 else { throw .argumentListTooLong }
    // SAFETY: there is room for so many bytes from here on.
    switch unsafe UserCopy.string(place, capacity: UInt(room), from: address) {
    case .length(let length): strings.didAppend(Int(length))
    case .tooLong: throw .argumentListTooLong
    case .fault: throw .badAddress
    }
  }

  /// Appends the strings of a list of pointers; returns how many.
  mutating func append(list address: UInt, _ abi: ProgramABI) throws(ErrorNumber) -> Int {
    guard address != 0 else { return 0 }
    var index: UInt = 0
    while true {
      guard let pointer = ProgramMemory.readWord(address &+ index * UInt(abi.wordSize), abi) else {
        throw .badAddress
      }
      if pointer == 0 { return Int(index) }
      try append(from: pointer)
      index += 1
    }
  }
}
