/// What happens when another node holds the processor of the first one.
///
/// INIT makes every processor wait for its start-up interrupt but one: the machine's first processor fetches at the reset
/// vector again (Intel SDM volume 3, 8.4.2), and a BIOS that is run there starts the machine anew. After a boot from reset
/// the ROM knows better (`Boot/Reset/ROM.asm`). Where there is a BIOS it is told the old way: shut-down code 0x0A in the
/// clock's register 0x0F makes it jump where the word at 0040:0067 leads, here to a loop that stands still.

import Arch
import Base
import CMachine
import Runtime

package enum FirstProcessor {
  /// Bytes that the BIOS leaves to applications, 0040:00F0 to 0040:00FF.
  private static var place: UInt64 { 0x4F0 }
  private static var vector: UInt64 { 0x467 }
  private static var clockIndex: UInt16 { 0x70 }
  private static var shutDownRegister: UInt8 { 0x0F }
  private static var jumpWithoutInterruptEnd: UInt8 { 0x0A }

  /// Prepares the first node for its own end; the others need nothing.
  package static func standStillAfterInitialization() {
    let identity = NodeReference().node.identity
    guard identity.ownsDevices, identity.images.bytes > 0,
      let code = DirectMap.virtualAddress(of: PhysicalAddress(place)),
      let pointer = DirectMap.virtualAddress(of: PhysicalAddress(vector))
    else { return }
    // cli; hlt; jmp to the hlt.
    let bytes: InlineArray<4, UInt8> = [0xFA, 0xF4, 0xEB, 0xFD]
    for index in 0..<4 { cpu_store8(code.rawValue + UInt(index), bytes[index]) }
    // Offset, then segment.
    let words: InlineArray<4, UInt8> = [0xF0, 0x00, 0x40, 0x00]
    for index in 0..<4 { cpu_store8(pointer.rawValue + UInt(index), words[index]) }
    cpu_out8(clockIndex, shutDownRegister)
    cpu_out8(clockIndex + 1, jumpWithoutInterruptEnd)
  }
}
