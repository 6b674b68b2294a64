/// Which of a machine's nodes this is, and how it learns that: the boot structure of whoever placed it.

import ABI
import Arch
import Base
import BootInformation
import Partition

/// A node among the nodes of its machine.
public struct NodeIdentity: BitwiseCopyable, Sendable {
  /// The node's number, which is also its processor's.
  public var number: UInt8 = 0
  /// The nodes of the machine.
  public var count: UInt8 = 1
  /// How often this node has been started.
  public var generation: UInt16 = 1
  /// Core address and bytes of the window that all nodes share; none if there is one node.
  public var window: (address: UInt32, bytes: UInt32) = (0, 0)
  /// The core address of the boot structure that told all this, or 0 if a boot loader started the kernel.
  public var structure: UInt32 = 0
  /// Where the images of all nodes lie, if a boot loader has brought them: then this node starts the others.
  public var images: (address: UInt64, bytes: UInt64) = (0, 0)

  /// The one node of a machine.
  public init() {}

  /// Whether the legacy devices are this node's: console, interval timer, interrupt controllers.
  public var ownsDevices: Bool { number == 0 }

  /// Whether a boot structure told all this.
  public var isPlaced: Bool { structure != 0 }

  /// What a boot structure tells.
  package init(_ placed: PlacedStructure<LoaderMemory>, at address: UInt32) {
    number = placed.node
    count = placed.nodeCount
    generation = placed.generation
    window = placed.window
    structure = address
  }
}

/// The images of all nodes that a boot loader has brought as one of its modules, or `nil`.
@export(interface)
public func nodeImages() -> NodeImage<LoaderMemory>? {
  let reference = NodeReference()
  for index in 0..<reference.node.boot.moduleCount {
    let module = reference.node.boot.module(at: index)
    do throws(NodeImageError) {
      return try NodeImage(at: module.start.rawValue, byteCount: module.byteCount, memory: LoaderMemory())
    } catch {
      continue
    }
  }
  return nil
}

/// The boot structure at a core address, or `nil` if it can't be believed.
@export(interface)
public func placedStructure(at address: UInt32) -> PlacedStructure<LoaderMemory>? {
  do throws(BootStructureError) {
    return try PlacedStructure(at: UInt64(address), memory: LoaderMemory())
  } catch {
    return nil
  }
}
