/// What guests show on the console.
///
/// The guest that has the terminal shows bytes as they come; of the others whole lines are shown, with their name before
/// them.

import Arch
import Base
import CMachine
import Log
import Runtime

extension GuestReference {
  /// Keeps a byte of output, and shows what there is when it is time.
  package func show(_ byte: UInt8) {
    fields.output[fields.outputCount] = byte
    fields.outputCount += 1
    let isTagged = GuestTableReference()?.isTagged(fields.number) ?? false
    if fields.outputCount == fields.output.count || isTagged && byte == UInt8(ascii: "\n") { flush() }
  }

  /// Shows what there is, unless it is a part of a line that is to be shown whole.
  package func endOutput() {
    if GuestTableReference()?.isTagged(fields.number) != true { flush() }
  }

  /// Shows what there is.
  package func flush() {
    guard fields.outputCount > 0, let guests = GuestTableReference() else { return }
    // In one piece: other guests speak too.
    cpu_cli()
    defer { cpu_sti() }
    let reference = NodeReference()
    let isTagged = guests.isTagged(fields.number)
    if guests.table.speaker != fields.number {
      let others = guests.guest(guests.table.speaker)
      if let others, others.fields.lastShown != UInt8(ascii: "\n") { reference.node.log.output.write(10) }
      guests.table.speaker = fields.number
    }
    // A program's prompt may stand there.
    if isTagged, guests.table.isBesidePrograms, reference.node.log.output.lastByte != 10 {
      reference.node.log.output.write(10)
    }
    if isTagged { writeName() }
    for index in 0..<fields.outputCount { write(fields.output[index], isTagged: isTagged) }
    if isTagged, fields.lastShown != UInt8(ascii: "\n") { write(10, isTagged: true) }
    fields.outputCount = 0
  }

  private func writeName() {
    let text: Text = "guest \(fields.number)| "
    let reference = NodeReference()
    for index in 0..<text.count { reference.node.log.output.write(text[index]) }
  }

  /// Early texts end their lines as texts do, a terminal's output as terminals do.
  private func write(_ byte: UInt8, isTagged: Bool) {
    let reference = NodeReference()
    if byte == UInt8(ascii: "\n"), isTagged || fields.lastShown != UInt8(ascii: "\r") {
      reference.node.log.output.write(byte)
    } else if !isTagged || byte != UInt8(ascii: "\r") {
      reference.node.log.output.writeRaw(byte)
    }
    fields.lastShown = byte
  }
}
