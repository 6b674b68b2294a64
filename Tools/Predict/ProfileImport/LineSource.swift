import SpeedupModel

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reads a file of any length line by line with a fixed buffer, so that a trace of gigabytes needs no
/// memory.
final class LineSource {
  /// The name in errors.
  let place: String
  /// The number of the line last returned, from 1.
  private(set) var lineNumber = 0
  private let descriptor: CInt
  private let ownsDescriptor: Bool
  private let buffer: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0
  private var isAtEnd = false

  /// No line of a tracer is longer; a longer one means that the file is no text.
  private static let longestLine = 1 << 20

  /// Opens `path`; `-` is the standard input.
  init(path: String) throws(InputError) {
    place = path == "-" ? "standard input" : path
    ownsDescriptor = path != "-"
    descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw InputError(path, found: String(cString: strerror(errno)), allowed: "a file that can be read")
    }
    buffer = .allocate(byteCount: 2 * Self.longestLine, alignment: 16)
  }

  /// Reads lines from memory, for tests.
  init(bytes: [UInt8], place: String) {
    self.place = place
    ownsDescriptor = false
    descriptor = -1
    buffer = .allocate(byteCount: max(1, bytes.count), alignment: 16)
    buffer.copyBytes(from: bytes)
    end = bytes.count
    isAtEnd = true
  }

  deinit {
    if ownsDescriptor { close(descriptor) }
    buffer.deallocate()
  }

  /// The next line without its end, valid until the next call; `nil` at the end of the file.
  func next() throws(InputError) -> UnsafeRawBufferPointer? {
    var searched = start
    while true {
      if searched < end, let base = buffer.baseAddress,
        let found = memchr(base + searched, 10, end - searched)
      {
        let stop = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
        return take(stop, after: stop + 1)
      }
      searched = end
      guard end - start < Self.longestLine || isAtEnd else {
        throw InputError(
          place, line: lineNumber + 1, found: "a line of more than 1 MiB",
          allowed: "the text output of a tracer")
      }
      if isAtEnd { return start < end ? take(end, after: end) : nil }
      let distance = searched - start
      try fill()
      searched = start + distance
    }
  }

  private func take(_ stop: Int, after: Int) -> UnsafeRawBufferPointer {
    var stop = stop
    lineNumber += 1
    if stop > start, buffer[stop - 1] == 13 { stop -= 1 }
    let line = UnsafeRawBufferPointer(rebasing: buffer[start..<stop])
    start = after
    return line
  }

  private func fill() throws(InputError) {
    guard let base = buffer.baseAddress else { return }
    if start > 0 {
      memmove(base, base + start, end - start)
      end -= start
      start = 0
    }
    let count = read(descriptor, base + end, buffer.count - end)
    if count < 0, errno != EINTR {
      throw InputError(place, found: String(cString: strerror(errno)), allowed: "a file that can be read")
    }
    if count == 0 { isAtEnd = true }
    if count > 0 { end += count }
  }
}
