/// How the kernel that a loader has started becomes the first of several nodes.

import Arch
import Base
import BootInformation
import Core
import Log
import Partition
import Runtime

/// Makes this kernel the first of several nodes if the loader has brought their images: from here on it keeps to its own
/// lookup table, and memory ends where its own does.
@export(interface)
func becomeFirstNode() {
  let reference = NodeReference()
  guard let images = nodeImages() else { return }
  let address = images.address + UInt64(images[0].structure)
  guard address < 1 << 32, let structure = placedStructure(at: UInt32(address)), structure.node == 0,
    structure.row(0).system.rawValue == 0, reference.node.partition.adopt(structure),
    let others = MemoryRange(
      base: structure.memoryBytes, length: MemoryRange.addressLimit - structure.memoryBytes, kind: .reserved)
  else {
    log(.error, "start", "the nodes' images are damaged")
    endRun(.failed, status: 1)
  }
  reference.node.identity = NodeIdentity(structure, at: UInt32(address))
  reference.node.identity.images = (images.address, images.byteCount)
  do {
    try reference.node.boot.memoryMap.insert(others)
  } catch {
    log(.error, "start", "the memory map has too many ranges")
    endRun(.failed, status: 1)
  }
}
