/// What devices need of the machine.

/// The other side of a guest's devices: our console, disks, random numbers, and the switch between guests.
public protocol DeviceHost: ~Copyable {
  /// Shows a byte of the guest's terminal.
  mutating func show(_ byte: UInt8)
  /// The guest has nothing more to show for now.
  mutating func endOutput()
  /// The next byte that was typed for the guest, or `nil`.
  mutating func nextInput() -> UInt8?

  /// Random bits.
  mutating func random() -> UInt32

  /// A word of a disk; the offset is a multiple of four below the disk's size.
  func loadDisk(_ disk: Int, _ offset: UInt32) -> UInt32
  /// Writes a word of a disk.
  mutating func storeDisk(_ disk: Int, _ offset: UInt32, _ word: UInt32)

  /// A frame of `byteCount` bytes, 14 to `Network.longestFrame`, goes to the switch; as many bytes follow, by fours.
  mutating func beginFrame(byteCount: UInt32)
  /// The next four bytes of that frame, the last ones filled up with zeros.
  mutating func putFrame(_ word: UInt32)
  /// The frame is complete.
  mutating func endFrame()
  /// The size in bytes of the oldest frame that waits for the guest, or `nil`.
  func waitingFrame() -> UInt32?
  /// Four bytes of that frame.
  func frameWord(_ offset: UInt32) -> UInt32
  /// That frame was delivered.
  mutating func dropFrame()
}
