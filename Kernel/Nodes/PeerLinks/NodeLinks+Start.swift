/// How the first node starts the others, and any node one that is dead.

import Arch
import Log
import NodeLife
import NodePlacing
import NodeTable
import Partition
import Runtime

extension NodeLinks {
  /// Starts every other node whose image the loader has brought.
  mutating func startOthers() {
    // After a boot from reset they run already, and the images are for those that die.
    guard let images = nodeImages(), !NodePlacing.isFromReset else { return }
    for node in 1..<count where Int(node) < images.count { start(node, image: node, generation: 1) }
  }

  /// Places an image, the node's own or another's, and releases the node's processor; the node must not run.
  package mutating func start(_ node: UInt8, image: UInt8, generation: UInt16) {
    LocalInterruptController.reset(node)
    guard let images = nodeImages(),
      NodePlacing.place(image, of: images, inMemoryOf: node, generation: generation)
    else {
      log(.error, "nodes", "the image of node \(node) can't be placed")
      return
    }
    unsafe peers[Int(node)].greeted = 0
    act(on: node, unsafe peers[Int(node)].life.handle(.started(generation: generation)))
    NodePlacing.release(node)
  }
}
