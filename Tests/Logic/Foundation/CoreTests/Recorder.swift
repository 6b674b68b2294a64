import Log

/// A console that remembers what it was shown.
struct Recorder: ConsoleOutput {
  var bytes: [UInt8] = []
  mutating func write(_ byte: UInt8) { bytes.append(byte) }
  var text: String { String(decoding: bytes, as: UTF8.self) }
}
