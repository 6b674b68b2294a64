/// Which open files are ready for what.

import FileSystem
import FileSystemFormat
import LinuxABI
import Streams
import VirtualFileSystem

extension VirtualFileSystem {
  /// What of `events` a descriptor is ready for, with errors and hang-up whether asked for or not.
  ///
  /// Whoever polls several descriptors and finds none ready waits until any channel is woken, and asks again.
  @export(interface)
  public func readiness(_ number: Int32, _ events: PollEvents, for caller: FileCaller) -> PollEvents {
    guard let index = try? description(number, of: caller.files) else { return .invalid }
    let file = openFiles[index]
    var ready: PollEvents = []
    switch file.kind {
    case .place: return .invalid
    case .pipe:
      let pipe = pipes[Int(file.stream)].pipe
      if file.flags.isReadable {
        if pipe.count > 0 { ready.formUnion([.input, .normalInput]) }
        if pipe.writers == 0 { ready.insert(.hangUp) }
      }
      if file.flags.isWritable {
        if pipe.readers == 0 {
          ready.formUnion([.error, .output, .normalOutput])
        } else if pipe.isWritable(pool: pool) {
          ready.formUnion([.output, .normalOutput])
        }
      }
    case .terminal:
      let stream = Int(file.stream)
      if terminals[stream].isReadable { ready.formUnion([.input, .normalInput]) }
      if terminals[stream].isWritable { ready.formUnion([.output, .normalOutput]) }
      if terminals[stream].isHungUp { ready.insert(.hangUp) }
    default: ready = [.input, .normalInput, .output, .normalOutput]
    }
    return ready.intersection(events.union([.error, .hangUp]))
  }
}
