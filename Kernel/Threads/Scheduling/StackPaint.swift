/// How deep a thread's stack was ever used.
///
/// A stack is painted with a pattern when its memory is first taken, not when a thread is made: painting costs an
/// instruction a word. The lowest word that has lost its paint is the high-water mark. A stack that is used again
/// by another thread without new paint shows the deepest use of all of them.

/// Paints stacks and looks how much paint is left.
public enum StackPaint {
  /// What an unused word holds.
  ///
  /// No address of the kernel and no small number looks like it.
  public static var pattern: UInt { UInt(truncatingIfNeeded: 0x5AFE_57AC_5AFE_57AC as UInt64) }

  /// Paints a stack.
  ///
  /// - Safety: the bytes must be writable, aligned to words, and not in use.
  @unsafe public static func paint(bottom: UnsafeMutableRawPointer, size: Int) {
    for offset in stride(from: 0, to: size - size % wordSize, by: wordSize) {
      // SAFETY: the caller promised `size` writable bytes, and the offset is a word below their end.
      unsafe bottom.storeBytes(of: pattern, toByteOffset: offset, as: UInt.self)
    }
  }

  /// The most bytes of a stack that were ever in use, as far as its paint tells.
  ///
  /// - Safety: the bytes must be readable and aligned to words.
  @unsafe public static func usedBytes(bottom: UnsafeRawPointer, size: Int) -> Int {
    var offset = 0
    // SAFETY: the caller promised `size` readable bytes, and the word at the offset ends within them.
    while offset + wordSize <= size, unsafe bottom.load(fromByteOffset: offset, as: UInt.self) == pattern {
      offset += wordSize
    }
    return size - offset
  }

  private static var wordSize: Int { MemoryLayout<UInt>.size }
}
