/// All guests of the node.

import Arch
import Base
import CMachine
import GuestImage
import Runtime
import Sync

/// The guests, who gets what is typed, and who spoke last.
package struct GuestTable: ~Copyable {
  /// The most guests.
  package static var capacity: Int { 8 }

  package var count = 0
  package var guests: InlineArray<8, GuestReference?> = .init(repeating: nil)
  /// Whether programs run beside the guests: they have the terminal in place of the kernel's console.
  package var isBesidePrograms = false
  /// Who gets what is typed: a guest's number, or 0 for the kernel's console or the programs.
  package var focus: UInt32 = 1
  /// Whether the last byte typed was the key that speaks to the host.
  package var isEscaped = false
  /// The last byte that was typed for a guest.
  package var lastTyped: UInt8 = 0
  /// Who has written to the console last.
  var speaker: UInt32 = 0
  /// A unit when a guest has ended, or the terminal was given away.
  package let ended: Semaphore = HeapSemaphore.make(limit: 1)
}

/// The table, by its place on the heap.
@safe package struct GuestTableReference: BitwiseCopyable {
  private let place: UnsafeMutablePointer<GuestTable>

  package var table: GuestTable {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(place) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe place }
  }

  /// The node's table, or `nil` if it has no guests.
  package init?() {
    // SAFETY: `create` has put a table there, and nobody takes it away.
    guard let place = unsafe UnsafeMutablePointer<GuestTable>(bitPattern: NodeReference().node.guests) else {
      return nil
    }
    unsafe self.place = place
  }

  /// Makes the node's table.
  package static func create() {
    let address = KernelHeap.allocate(MemoryLayout<GuestTable>.size, alignment: 16).rawValue
    // SAFETY: the heap has just given the memory.
    unsafe UnsafeMutablePointer<GuestTable>(bitPattern: address)?.initialize(to: GuestTable())
    NodeReference().node.guests = address
  }

  /// Adds a guest; `nil` if there are too many.
  package func add(module: Int, _ description: GuestDescription) -> GuestReference? {
    guard table.count < GuestTable.capacity else { return nil }
    let guest = GuestReference(number: UInt32(table.count + 1), module: module, description: description)
    table.guests[table.count] = guest
    table.count += 1
    return guest
  }

  /// A guest by its number, from 1.
  package func guest(_ number: UInt32) -> GuestReference? {
    number >= 1 && number <= UInt32(table.count) ? table.guests[Int(number) - 1] : nil
  }

  /// Whether a guest's output is shown by lines, with its name before each: there are others, and it has not the
  /// terminal.
  func isTagged(_ number: UInt32) -> Bool {
    (table.count > 1 || table.isBesidePrograms) && table.focus != number
  }
}
