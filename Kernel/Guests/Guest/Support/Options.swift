/// The guest's command line.

import CMachine
import GuestInterface

/// Words `name=number` of the command line, which lies behind the boot parameters.
public enum Options {
  /// The number behind a name and its `=`, or `nil` if the word is not there.
  public static func number(_ name: StaticString) -> UInt32? {
    guard var place = find(name) else { return nil }
    var number: UInt32 = 0
    while case let byte = byte(place), (0x30...0x39).contains(byte) {
      number = number &* 10 &+ UInt32(byte - 0x30)
      place += 1
    }
    return number
  }

  /// Whether the value of a name begins with a word.
  public static func has(_ name: StaticString, _ value: StaticString) -> Bool {
    guard let place = find(name) else { return false }
    return matches(value, at: place)
  }

  private static var start: UInt32 { Pages.read(0x228) }

  private static func byte(_ index: UInt32) -> UInt8 { cpu_load8(UInt(start + index + Pages.offset)) }

  /// Where the value of the last word with a name begins.
  private static func find(_ name: StaticString) -> UInt32? {
    var found: UInt32?
    var place: UInt32 = 0
    let count = UInt32(name.utf8CodeUnitCount)
    while byte(place) != 0, place < BootParameters.commandLineLimit {
      let isStart = place == 0 || byte(place - 1) == 0x20
      if isStart, matches(name, at: place), byte(place + count) == 0x3D { found = place + count + 1 }
      place += 1
    }
    return found
  }

  private static func matches(_ word: StaticString, at place: UInt32) -> Bool {
    for index in 0..<word.utf8CodeUnitCount {
      // SAFETY: the index is below the number of bytes of the static text.
      guard unsafe word.utf8Start[index] == byte(place + UInt32(index)) else { return false }
    }
    return true
  }
}
