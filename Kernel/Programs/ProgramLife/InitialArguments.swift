/// What the first program is, as the command line and the ramdisk say.

import Archive
import BootInformation
import CommandLine
import LinuxABI
import Mounts
import OpenFiles
import ProgramFiles
import ProgramRecords
import ProgramStack
import Runtime
import VirtualFileSystem

extension ProgramStart {
  /// Collects arguments, environment and name of the first program.
  ///
  /// `program=` names it, what follows `--` are its arguments; without, it is `/init` or `/bin/sh`.
  ///
  /// - Returns: where its name begins in the list.
  static func arguments(_ list: inout ProgramArguments) throws(ErrorNumber) -> Int {
    let reference = NodeReference()
    var argumentCount = 1
    if let program = reference.node.options.program {
      try reference.node.boot.appendCommandLine(program, to: &list)
    } else {
      try list.append(usualProgram)
    }
    if let arguments = reference.node.options.programArguments {
      argumentCount += try reference.node.boot.appendCommandLineWords(arguments, to: &list)
    }
    try list.append("PATH=/bin:/usr/bin:/sbin:/usr/sbin")
    try list.append("HOME=/")
    try list.append("TERM=linux")
    list.strings.counts = ProgramStrings(argumentCount: argumentCount, environmentCount: 3)
    let start = list.count
    if let program = reference.node.options.program {
      try reference.node.boot.appendCommandLine(program, to: &list)
    } else {
      try list.append(usualProgram)
    }
    return start
  }

  /// `/init` if it is there, else the shell.
  private static var usualProgram: StaticString { exists("/init") ? "/init" : "/bin/sh" }

  /// Whether a program may be there to start: one that the command line names, or `/init` or `/bin/sh` in the ramdisk.
  ///
  /// An archive is looked into; what an image has is known when it is mounted, so the tree must be asked again.
  @export(interface)
  public static func isWanted() -> Bool {
    let reference = NodeReference()
    guard !reference.node.options.startsMonitor, reference.node.boot.moduleCount > 0 else { return false }
    if reference.node.options.program != nil { return true }
    let module = reference.node.boot.module(at: 0)
    if Mounts.isImage(module) { return true }
    guard let bytes = Ramdisk.span(of: module) else { return false }
    var reader = ArchiveReader(bytes)
    do throws(ArchiveError) {
      while let place = try reader.nextName() {
        let name = reader.bytes(in: place)
        if isName(name, "init") || isName(name, "bin/sh") { return true }
      }
    } catch {}
    return false
  }

  /// Whether the command line names a program, and does not ask for the kernel's own console: such a program runs beside
  /// guests.
  @export(interface)
  public static var isNamed: Bool {
    let options = NodeReference().node.options
    return options.program != nil && !options.startsMonitor
  }

  /// Whether the tree has a program to start, or the command line says which; `prepare` must have been called.
  @export(interface)
  public static func isThere() -> Bool {
    NodeReference().node.options.program != nil || exists("/init") || exists("/bin/sh")
  }

  private static func isName(_ name: Span<UInt8>, _ text: StaticString) -> Bool {
    guard name.count == text.utf8CodeUnitCount else { return false }
    for index in name.indices {
      // SAFETY: the index is below the literal's own count.
      if unsafe text.utf8Start[index] != name[index] { return false }
    }
    return true
  }

  private static func exists(_ path: StaticString) -> Bool {
    let files = ProgramFiles()
    guard let table = try? files.tree.makeFiles(), let place = try? files.tree.makePlace() else {
      return false
    }
    defer {
      files.tree.releaseFiles(table)
      files.tree.releasePlace(place)
    }
    let caller = FileCaller(
      files: table, place: place, process: 0, group: 0, session: 0, now: ProgramFiles.now)
    // SAFETY: the text has so many bytes.
    let name = unsafe Span(_unsafeStart: path.utf8Start, count: path.utf8CodeUnitCount)
    return (try? files.tree.node(name, for: caller)) != nil
  }
}

// Mutating only in name, and functions of their own: a borrowed value would be copied whole, onto a stack of 16 KiB.
extension BootInformation {
  /// Appends a part of the command line.
  @inline(never)
  fileprivate mutating func appendCommandLine(
    _ range: Range<Int>, to list: inout ProgramArguments
  ) throws(ErrorNumber) {
    let line = commandLine()
    try list.append(line.extracting(range))
  }

  /// Appends the words of a part of the command line; returns how many.
  @inline(never)
  fileprivate mutating func appendCommandLineWords(
    _ range: Range<Int>, to list: inout ProgramArguments
  ) throws(ErrorNumber) -> Int {
    let line = commandLine()
    let text = line.extracting(range)
    var words = QuotedWords()
    var count = 0
    while let word = words.next(in: text) {
      try list.append(text.extracting(word))
      count += 1
    }
    return count
  }
}
