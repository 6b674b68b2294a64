/// What happens to programs' pages when the files that they share change.

import AddressSpace
import Processes
import ProgramRecords
import Regions
import UserMemory
import VirtualFileSystem

extension ProgramFiles {
  /// After an operation that may have made a file shorter: takes the pages that it has no more from all programs.
  ///
  /// Calls are not preempted, so no program can write to a block that is another file's meanwhile.
  @inline(never)
  public func forgetCutPages() {
    guard let cut = tree.takeCut() else { return }
    Programs().system.processes.forEachProcess { _, payload in
      guard let process = ProcessReference(payload: payload) else { return }
      UserMemory.forget(
        file: cut.node.rawValue, from: cut.firstPage, in: &process.fields.space.space)
    }
  }

  /// Before the tree is saved: clears what programs that still run have written behind the ends of files.
  func clearTails() {
    Programs().system.processes.forEachProcess { _, payload in
      guard let process = ProcessReference(payload: payload) else { return }
      var region = process.fields.space.space.regions.first
      while let found = region {
        if found.fields.content.isLive {
          tree.clearTail(of: FileNode(rawValue: found.fields.content.file))
        }
        region = found.fields.next
      }
    }
  }
}
