/// The kernel's image: what runs once the node has started.

import ABI
import Arch
import CMachine
import Log
import Start

@c(kernel_entry)
func kernelEntry(_ magic: UInt32, _ information: UInt32) {
  let node = startNode(magic: magic, information: information)
  _ = node
  log(.info, "start", "started")
  cpu_store32(0x10, 0)
  let x: StaticString = "abc"
  precondition(x.utf8CodeUnitCount == Int(magic))
  endRun(.passed, status: 0)
}
