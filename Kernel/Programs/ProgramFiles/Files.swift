/// What becomes of files when processes begin and end.

import LinuxABI
import Mounts
import OpenFiles
import ProgramRecords
import ProgramSignals
import Signals
import VirtualFileSystem

/// What processes do with tables of descriptors and places.
package enum Files {
  private static var tree: ProgramFiles { ProgramFiles() }

  package static func share(_ files: FilesIndex) -> FilesIndex {
    tree.tree.shareFiles(files)
    return files
  }
  package static func copy(_ files: FilesIndex) throws(ErrorNumber) -> FilesIndex {
    try tree.tree.copyFiles(files)
  }
  package static func release(_ files: FilesIndex) {
    tree.tree.releaseFiles(files)
    tree.wakeWaiters()
  }
  package static func share(_ place: PlaceIndex) -> PlaceIndex {
    tree.tree.sharePlace(place)
    return place
  }
  package static func copy(_ place: PlaceIndex) throws(ErrorNumber) -> PlaceIndex {
    try tree.tree.copyPlace(place)
  }
  package static func release(_ place: PlaceIndex) { tree.tree.releasePlace(place) }

  /// Lets /proc show a new process.
  package static func note(_ process: ProcessReference, executableOf old: ProcessReference) {
    tree.tree.addProcess(tree.caller(process))
    tree.tree.copyExecutable(fromProcess: UInt32(old.fields.number), to: UInt32(process.fields.number))
  }

  /// A process has ended and is a zombie.
  package static func end(_ process: ProcessReference) { tree.tree.endProcess(UInt32(process.fields.number)) }

  /// Nobody waits for a process any more: its number may be another's soon.
  package static func forget(_ number: Int32) { tree.tree.removeProcess(UInt32(number)) }

  /// Takes a session's terminal away.
  package static func hangUp(session: Int32) {
    guard let group = tree.tree.endSession(UInt32(session)) else { return }
    Programs().send(
      .hangUp, SignalInformation(code: SignalInformation.kernelCode), toGroup: Int32(group))
    Programs().send(.goOn, SignalInformation(code: SignalInformation.kernelCode), toGroup: Int32(group))
  }

  /// The last that is done with files.
  package static func finish() {
    Console.show()
    tree.clearTails()
    Mounts.finish(&tree.tree)
  }
}
