import FileSystem
import FileSystemFormat
import Testing

@Test func aRenamedFileIsFoundUnderItsNewNameOnly() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let file = try fileSystem.make("old")
  let directory = try fileSystem.makeDirectory("directory")
  try fileSystem.move("old", to: "new", into: directory)
  let found = try fileSystem.find("new", in: directory)
  #expect(found == file)
  let names = try fileSystem.names()
  #expect(names == [".", "..", "directory"])
}

@Test func aReplacedFileIsGone() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let file = try fileSystem.make("a")
  let other = try fileSystem.make("b")
  _ = try fileSystem.write([1], to: other)
  let free = fileSystem.freeInodes
  try fileSystem.move("a", to: "b")
  let found = try fileSystem.find("b")
  let after = fileSystem.freeInodes
  #expect(found == file && after == free + 1)
}

@Test func aMovedDirectoryChangesBothParentsLinks() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let a = try fileSystem.makeDirectory("a")
  let b = try fileSystem.makeDirectory("b")
  let child = try fileSystem.makeDirectory("child", in: a)
  try fileSystem.move("child", in: a, to: "child", into: b)
  let parent = try fileSystem.find("..", in: child)
  #expect(parent == b)
  let links = (try fileSystem.status(of: a).linkCount, try fileSystem.status(of: b).linkCount)
  #expect(links.0 == 2 && links.1 == 3)
}

@Test func anEmptyDirectoryIsReplacedAndAFullOneIsNot() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let a = try fileSystem.makeDirectory("a")
  let b = try fileSystem.makeDirectory("b")
  _ = try fileSystem.make("file", in: b)
  let full = refusal { () throws(FileSystemError) in try fileSystem.move("a", to: "b") }
  #expect(full == .notEmpty)
  try fileSystem.remove("file", in: b)
  try fileSystem.move("a", to: "b")
  let found = try fileSystem.find("b")
  let links = try fileSystem.status(of: .root).linkCount
  #expect(found == a && links == 3)
}

@Test func aDirectoryCannotMoveIntoItself() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let a = try fileSystem.makeDirectory("a")
  let b = try fileSystem.makeDirectory("b", in: a)
  let c = try fileSystem.makeDirectory("c", in: b)
  for target in [a, b, c] {
    let refused = refusal { () throws(FileSystemError) in try fileSystem.move("a", to: "x", into: target) }
    #expect(refused == .invalidArgument)
  }
}

@Test func kindsThatDoNotMatchAreRefused() throws {
  var fileSystem = try Disk(blocks: 64).format()
  _ = try fileSystem.makeDirectory("directory")
  _ = try fileSystem.make("file")
  let over = refusal { () throws(FileSystemError) in try fileSystem.move("file", to: "directory") }
  #expect(over == .isDirectory)
  let under = refusal { () throws(FileSystemError) in try fileSystem.move("directory", to: "file") }
  #expect(under == .notDirectory)
  let keep = refusal { () throws(FileSystemError) in try fileSystem.move("file", to: "directory", .keep) }
  #expect(keep == .exists)
  let dots = refusal { () throws(FileSystemError) in try fileSystem.move(".", to: "x") }
  #expect(dots == .busy)
}

@Test func exchangedFilesKeepTheirContentAndParents() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let a = try fileSystem.makeDirectory("a")
  let file = try fileSystem.make("file")
  let inner = try fileSystem.makeDirectory("inner", in: a)
  try fileSystem.move("file", to: "inner", into: a, .exchange)
  let found = (try fileSystem.find("file"), try fileSystem.find("inner", in: a))
  #expect(found.0 == inner && found.1 == file)
  let parent = try fileSystem.find("..", in: inner)
  #expect(parent == .root)
  let links = (try fileSystem.status(of: .root).linkCount, try fileSystem.status(of: a).linkCount)
  #expect(links.0 == 4 && links.1 == 2)
}

@Test func renamingOneOfTwoNamesToTheOtherDoesNothing() throws {
  var fileSystem = try Disk(blocks: 64).format()
  let file = try fileSystem.make("a")
  try fileSystem.link(file, as: bytes("b").span, in: .root, at: now)
  try fileSystem.move("a", to: "b")
  let names = try fileSystem.names()
  #expect(names == [".", "..", "a", "b"])
}
