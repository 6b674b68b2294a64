import FileSystem
import FileSystemFormat
import Foundation
import SeededRandomness
import Testing

/// What the file system should be: dictionaries, slow and obvious.
private final class ModelFile {
  var kind: FileKind
  var content: [UInt8] = []
  var entries: [String: Int] = [:]
  var links = 1
  var parent = 0
  var isHeld = false
  var permissions: UInt16
  var owner: UInt32 = 0
  var group: UInt32 = 0
  var accessed: Timestamp
  var modified: Timestamp
  var changed: Timestamp
  init(_ kind: FileKind, permissions: UInt16, now: Timestamp) {
    self.kind = kind
    self.permissions = permissions
    accessed = now
    modified = now
    changed = now
  }

  func touch(_ now: Timestamp) {
    modified = now
    changed = now
  }
}

/// Random operations on an image and on the model at once.
private struct Trial: ~Copyable {
  var fileSystem: FileSystem
  let disk: Disk
  var random: SeededGenerator
  var files: [Int: ModelFile] = [
    1: ModelFile(.directory, permissions: 0o755, now: Timestamp(seconds: 1))
  ]
  /// The time, which each step moves on.
  var now = Timestamp(seconds: -50, nanoseconds: 999_999_990)
  var mismatches: [String] = []
  var refusedForSpace = 0

  init(seed: UInt64, blocks: Int, inodes: UInt32) throws {
    disk = Disk(blocks: blocks)
    fileSystem = try disk.format(inodes: inodes)
    random = SeededGenerator(seed: seed)
    files[1]?.links = 2
    files[1]?.parent = 1
  }

  mutating func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

  mutating func pickDirectory() -> (Int, ModelFile) {
    let living = files.filter { $0.value.kind == .directory && $0.value.links > 0 }.sorted { $0.key < $1.key }
    let choice = living[pick(living.count)]
    return (choice.key, choice.value)
  }

  mutating func pickName(in directory: ModelFile) -> String {
    if !directory.entries.isEmpty, pick(3) > 0 {
      let names = directory.entries.keys.sorted()
      return names[pick(names.count)]
    }
    return String(repeating: "n", count: [1, 3, 20, 200][pick(4)]) + "\(pick(12))"
  }

  /// Notes when the image's answer is not the model's; being out of space is always an allowed answer, and then
  /// nothing may have changed.
  mutating func expect(_ actual: FileSystemError?, _ wanted: FileSystemError?, _ what: String) -> Bool {
    if actual == .noSpace, wanted == nil {
      refusedForSpace += 1
      return false
    }
    if actual != wanted {
      mismatches.append("\(what): \(String(describing: actual)), not \(String(describing: wanted))")
    }
    return actual == nil && wanted == nil
  }

  func isInside(_ directory: Int, _ ancestor: Int) -> Bool {
    var current = directory
    while true {
      if current == ancestor { return true }
      if current == 1 { return false }
      current = files[current]?.parent ?? 1
    }
  }

  mutating func dropName(of key: Int) {
    guard let file = files[key] else { return }
    file.changed = now
    file.links -= file.kind == .directory ? 2 : 1
    if file.links == 0, !file.isHeld { files[key] = nil }
  }

  /// Moves the time on: often only by nanoseconds, now and then by more than a day.
  mutating func tick() {
    now.nanoseconds += 7
    if now.nanoseconds >= 1_000_000_000 || pick(20) == 0 {
      now.seconds += Int64(pick(100_000)) + 1
      now.nanoseconds = UInt32(pick(1_000_000_000))
    }
  }

  mutating func step() {
    tick()
    let (key, directory) = pickDirectory()
    let inode = InodeNumber(UInt32(key))
    let name = pickName(in: directory)
    let target = directory.entries[name]
    switch pick(12) {
    case 0, 1: make(.regular, name, key, directory)
    case 2: make(.directory, name, key, directory)
    case 3: make(.symbolicLink, name, key, directory)
    case 4:
      let actual = refusal { () throws(FileSystemError) in
        try fileSystem.unlink(bytes(name).span, in: inode, at: now)
      }
      let wanted: FileSystemError? =
        target == nil ? .notFound : files[target ?? 0]?.kind == .directory ? .isDirectory : nil
      if expect(actual, wanted, "unlink"), let target {
        directory.entries[name] = nil
        directory.touch(now)
        dropName(of: target)
      }
    case 5:
      let actual = refusal { () throws(FileSystemError) in
        try fileSystem.removeDirectory(bytes(name).span, in: inode, at: now)
      }
      var wanted: FileSystemError?
      if let target, let file = files[target] {
        wanted = file.kind != .directory ? .notDirectory : file.entries.isEmpty ? nil : .notEmpty
      } else {
        wanted = .notFound
      }
      if expect(actual, wanted, "rmdir"), let target {
        directory.entries[name] = nil
        directory.touch(now)
        directory.links -= 1
        dropName(of: target)
      }
    case 6: rename(name, key, directory)
    case 7: link(name, key, directory)
    case 8: hold(target)
    default: change(target)
    }
  }

  mutating func make(_ kind: FileKind, _ name: String, _ key: Int, _ directory: ModelFile) {
    let inode = InodeNumber(UInt32(key))
    let file = ModelFile(kind, permissions: UInt16(pick(0o10000)), now: now)
    file.owner = UInt32(pick(3))
    file.group = UInt32(pick(3))
    let attributes = FileAttributes(
      permissions: file.permissions, owner: file.owner, group: file.group, now: now)
    let (label, now) = (bytes(name), now)
    var made = 0
    let text = String(repeating: "t", count: 1 + pick(400))
    let actual = refusal { () throws(FileSystemError) in
      switch kind {
      case .directory:
        made = Int(try fileSystem.createDirectory(named: label.span, in: inode, attributes).rawValue)
      case .symbolicLink:
        made = Int(
          try fileSystem.createSymbolicLink(
            to: bytes(text).span, named: label.span, in: inode, attributes
          ).rawValue)
      default: made = Int(try fileSystem.create(named: label.span, in: inode, attributes).rawValue)
      }
    }
    guard expect(actual, directory.entries[name] == nil ? nil : .exists, "make \(kind)") else { return }
    if kind == .symbolicLink { file.content = bytes(text) }
    if kind == .directory {
      file.links = 2
      file.parent = key
      directory.links += 1
    }
    if files[made] != nil { mismatches.append("inode \(made) was given out twice") }
    files[made] = file
    directory.entries[name] = made
    directory.touch(now)
  }

  mutating func rename(_ name: String, _ key: Int, _ directory: ModelFile) {
    let (otherKey, other) = pickDirectory()
    let newName = pickName(in: other)
    let behavior = [RenameBehavior.replace, .replace, .keep, .exchange][pick(4)]
    let now = now
    let actual = refusal { () throws(FileSystemError) in
      try fileSystem.rename(
        bytes(name).span, in: InodeNumber(UInt32(key)), to: bytes(newName).span,
        in: InodeNumber(UInt32(otherKey)), behavior, at: now)
    }
    guard let moved = directory.entries[name], let file = files[moved] else {
      _ = expect(actual, .notFound, "rename")
      return
    }
    let replaced = other.entries[newName]
    let wanted = refusalOfRename(file, moved, to: otherKey, replaced, behavior, from: key)
    guard expect(actual, wanted, "rename \(behavior)"), replaced != moved else { return }
    file.changed = now
    if behavior == .exchange, let replaced, let second = files[replaced] {
      second.changed = now
      move(second, from: other, to: directory, key)
      directory.entries[name] = replaced
    } else {
      directory.entries[name] = nil
    }
    move(file, from: directory, to: other, otherKey)
    other.entries[newName] = moved
    directory.touch(now)
    other.touch(now)
    if behavior != .exchange, let replaced {
      if files[replaced]?.kind == .directory { other.links -= 1 }
      dropName(of: replaced)
    }
  }

  /// Tells a directory and those that it lies in that it moves.
  private func move(_ file: ModelFile, from old: ModelFile, to new: ModelFile, _ newKey: Int) {
    guard file.kind == .directory else { return }
    old.links -= 1
    new.links += 1
    file.parent = newKey
  }

  /// Why a rename of a file that is there is refused.
  private func refusalOfRename(
    _ file: ModelFile, _ moved: Int, to directory: Int, _ replaced: Int?, _ behavior: RenameBehavior,
    from oldDirectory: Int
  ) -> FileSystemError? {
    if behavior == .keep, replaced != nil { return .exists }
    if behavior == .exchange, replaced == nil { return .notFound }
    if file.kind == .directory, isInside(directory, moved) { return .invalidArgument }
    guard let replaced, replaced != moved, let victim = files[replaced] else { return nil }
    if behavior == .exchange {
      return victim.kind == .directory && isInside(oldDirectory, replaced) ? .invalidArgument : nil
    }
    if victim.kind == .directory {
      return file.kind != .directory ? .isDirectory : victim.entries.isEmpty ? nil : .notEmpty
    }
    return file.kind == .directory ? .notDirectory : nil
  }

  mutating func link(_ name: String, _ key: Int, _ directory: ModelFile) {
    let keys = files.keys.sorted()
    let target = keys[pick(keys.count)]
    guard let file = files[target] else { return }
    let actual = refusal { () throws(FileSystemError) in
      try fileSystem.link(
        InodeNumber(UInt32(target)), as: bytes(name).span, in: InodeNumber(UInt32(key)), at: now)
    }
    let wanted: FileSystemError? =
      file.kind == .directory
      ? .notPermitted : directory.entries[name] != nil ? .exists : file.links == 0 ? .notFound : nil
    guard expect(actual, wanted, "link") else { return }
    file.links += 1
    file.changed = now
    directory.touch(now)
    directory.entries[name] = target
  }

  /// Opens a file, or closes one that is open: perhaps its last holder.
  mutating func hold(_ target: Int?) {
    if let target, let file = files[target], !file.isHeld, pick(2) == 0 {
      file.isHeld = true
      _ = expect(
        refusal { () throws(FileSystemError) in try fileSystem.retain(InodeNumber(UInt32(target))) }, nil,
        "retain")
      return
    }
    guard let held = files.filter({ $0.value.isHeld }).min(by: { $0.key < $1.key }) else { return }
    held.value.isHeld = false
    _ = expect(
      refusal { () throws(FileSystemError) in try fileSystem.release(InodeNumber(UInt32(held.key))) }, nil,
      "release")
    if held.value.links == 0 { files[held.key] = nil }
  }

  /// Changes the mode, the owner or the times of a file, or reads it.
  mutating func changeAttributes(_ file: ModelFile, _ inode: InodeNumber) {
    let now = now
    switch pick(4) {
    case 0:
      file.permissions = UInt16(pick(0o10000))
      let permissions = file.permissions
      _ = expect(
        refusal { () throws(FileSystemError) in
          try fileSystem.setPermissions(permissions, of: inode, at: now)
        }, nil, "chmod")
      file.changed = now
    case 1:
      let owner = pick(2) == 0 ? nil : UInt32(pick(1_000))
      let group = pick(2) == 0 ? nil : UInt32(truncatingIfNeeded: random.next())
      _ = expect(
        refusal { () throws(FileSystemError) in
          try fileSystem.setOwner(owner, group: group, of: inode, at: now)
        }, nil, "chown")
      file.owner = owner ?? file.owner
      file.group = group ?? file.group
      file.changed = now
    case 2:
      let time = Timestamp(
        seconds: Int64(truncatingIfNeeded: random.next()), nanoseconds: UInt32(pick(1_100_000_000)))
      let (accessed, modified) =
        [(time, nil), (nil, time), (time, time)][pick(3)] as (Timestamp?, Timestamp?)
      let wanted: FileSystemError? = time.nanoseconds < 1_000_000_000 ? nil : .invalidArgument
      guard
        expect(
          refusal { () throws(FileSystemError) in
            try fileSystem.setTimes(accessed: accessed, modified: modified, of: inode, at: now)
          }, wanted, "utimens")
      else { return }
      file.accessed = accessed ?? file.accessed
      file.modified = modified ?? file.modified
      file.changed = now
    default:
      _ = expect(
        refusal { () throws(FileSystemError) in try fileSystem.touchAccessed(inode, at: now) }, nil, "read")
      let (age, overflow) = now.seconds.subtractingReportingOverflow(file.accessed.seconds)
      if file.accessed <= file.modified || file.accessed <= file.changed || overflow || age >= 86_400 {
        file.accessed = now
      }
    }
  }

  /// Changes what a file's inode says, or writes or truncates the file.
  mutating func change(_ target: Int?) {
    guard let target, let file = files[target] else { return }
    let inode = InodeNumber(UInt32(target))
    if pick(3) == 0 { return changeAttributes(file, inode) }
    let now = now
    guard file.kind == .regular else { return }
    if pick(3) == 0 {
      let size = pick(5) == 0 ? 0 : pick(200_000)
      guard
        expect(
          refusal { () throws(FileSystemError) in try fileSystem.truncate(inode, to: UInt64(size), at: now) },
          nil, "truncate")
      else { return }
      file.touch(now)
      if size < file.content.count {
        file.content.removeLast(file.content.count - size)
      } else {
        file.content += [UInt8](repeating: 0, count: size - file.content.count)
      }
      return
    }
    let data = [UInt8](repeating: UInt8(pick(255)) + 1, count: 1 + pick(9_000))
    let position = pick(200_000)
    var written = 0
    let actual = refusal { () throws(FileSystemError) in
      written = try fileSystem.write(data.span, to: inode, at: UInt64(position), now: now)
    }
    guard expect(actual, nil, "write") else { return }
    file.touch(now)
    if written < data.count { refusedForSpace += 1 }
    if file.content.count < position + written {
      file.content += [UInt8](repeating: 0, count: position + written - file.content.count)
    }
    file.content.replaceSubrange(position..<(position + written), with: data[..<written])
  }

  /// Compares everything, and runs the checker.
  mutating func compare() throws {
    for (key, file) in files {
      let inode = InodeNumber(UInt32(key))
      let status = try fileSystem.status(of: inode)
      if status.kind != file.kind || Int(status.linkCount) != file.links {
        mismatches.append("inode \(key): \(status)")
      }
      if status.mode.permissions != file.permissions { mismatches.append("mode of \(key)") }
      if status.owner != file.owner || status.group != file.group { mismatches.append("owner of \(key)") }
      if status.accessed != file.accessed || status.modified != file.modified
        || status.changed != file.changed
      {
        mismatches.append("times of \(key), a \(file.kind): \(status), not \(file.modified), \(file.changed)")
      }
      switch file.kind {
      case .directory:
        let names = try fileSystem.names(of: inode).dropFirst(2)
        if names.count != file.entries.count || Set(names) != Set(file.entries.keys) {
          mismatches.append("names of \(key)")
        }
        for (name, target) in file.entries
        where try fileSystem.find(name, in: inode).rawValue != UInt32(target) {
          mismatches.append("\(name) in \(key)")
        }
        if file.links > 0, try Int(fileSystem.parent(of: inode).rawValue) != file.parent {
          mismatches.append("parent of \(key)")
        }
      case .regular:
        if try fileSystem.content(inode) != file.content { mismatches.append("content of \(key)") }
      default: if Int(status.size) != file.content.count { mismatches.append("target of \(key)") }
      }
    }
    for finding in check(disk).findings { mismatches.append("checker: \(finding)") }
  }
}

/// FILE_SYSTEM_OPERATIONS sets the number of operations, FILE_SYSTEM_SEED repeats a run.
@Test func theFileSystemIsWhatDictionariesSayItIs() throws {
  let environment = ProcessInfo.processInfo.environment
  let operations = environment["FILE_SYSTEM_OPERATIONS"].flatMap { Int($0) } ?? 5_000
  let seed = environment["FILE_SYSTEM_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...UInt64.max)
  print("seed of the file system's model: \(seed)")
  // A roomy image, and one so tight that most steps meet its end.
  for (blocks, inodes) in [(2_048, 256), (40, 32)] as [(Int, UInt32)] {
    var trial = try Trial(seed: seed, blocks: blocks, inodes: inodes)
    for index in 1...(operations / 2) {
      trial.step()
      if index % 2_000 == 0 || index == operations / 2 { try trial.compare() }
      guard trial.mismatches.isEmpty else { break }
    }
    let (mismatches, refused) = (trial.mismatches, trial.refusedForSpace)
    #expect(mismatches == [])
    #expect(blocks > 40 || refused > 0)
  }
}
