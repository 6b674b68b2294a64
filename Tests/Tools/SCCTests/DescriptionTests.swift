import Base
import HostSupport
import Partition
import SCC
import Testing

private func read(_ text: String, cores: Int? = nil) throws -> MachineDescription {
  try MachineDescription(text: text, file: "Images/sample.toml", cores: cores)
}

/// The refusal of a description, without its advice.
private func refusal(_ text: String) -> String {
  do {
    _ = try read(text)
    return "not refused"
  } catch let error as ToolError {
    return error.message
  } catch {
    return "\(error)"
  }
}

@Test func nodesGetMemoryOneAfterTheOther() throws {
  let machine = try read("[[node]]\ncount = 3\nmemory = 32\n[[node]]\nmemory = 16\n")
  #expect(machine.nodes.map(\.number) == [0, 1, 2, 3])
  // The first 16 MiB of system memory are the cores' registers.
  #expect(machine.nodes.map(\.systemBase) == [0x0100_0000, 0x0300_0000, 0x0500_0000, 0x0700_0000])
  #expect(machine.window.system == 0x0800_0000)
  #expect(machine.memory == 0xA0)
  for node in machine.nodes {
    #expect(node.table.system(ofCore: 0x8012_3456) == PhysicalAddress(0x0812_3456))
    #expect(node.table.system(ofCore: 0xFFFF_FFF0) == PhysicalAddress(0xFFFF_FFF0))
    #expect(!node.table.permits(.write, atCore: 0xFFFF_FFF0))
  }
  #expect(machine.nodes[1].table.system(ofCore: 0x0010_0000) == PhysicalAddress(0x0310_0000))
}

@Test func aLoaderPutsTheFirstNodeAtTheStartOfMemory() throws {
  let machine = try read("start = \"loader\"\n[[node]]\ncount = 2\n")
  #expect(machine.nodes.map(\.systemBase) == [0, 0x0200_0000])
}

@Test func imagesFollowTheNodesAndAreNoNodes() throws {
  let machine = try read(
    "[[node]]\ncount = 2\ncommand-line = \"log=debug\"\n[[image]]\narchitecture = \"x86_64\"\n")
  #expect(machine.nodes.count == 2 && machine.images.count == 1)
  #expect(machine.images[0].architecture == .x86_64 && machine.images[0].commandLine.isEmpty)
  #expect(machine.images[0].systemBase == machine.nodes[1].systemBase)
  #expect(refusal("[[node]]\n[[image]]\nmemory = 32\n").contains("unknown key `memory`"))
  #expect(refusal("[[node]]\ncount = 64\n[[image]]\n").contains("more than 64"))
}

@Test func coresLimitTheNodes() throws {
  #expect(try read("[[node]]\ncount = 48\n", cores: 4).nodes.count == 4)
  #expect(throws: ToolError.self) { try read("[[node]]\ncount = 2\n", cores: 4) }
}

@Test func twoOwnersAreShownWithTheirLines() {
  let text = """
    [[node]]
    memory = 16
    [[node.row]]
    row = 0
    kind = "private"
    access = "rwx"
    system = 0x01000000
    [[node]]
    memory = 16
    [[node.row]]
    row = 0
    kind = "private"
    access = "rwx"
    system = 0x01000000
    """
  #expect(
    refusal(text) == """
      Images/sample.toml:10:1: two nodes claim the same memory, and it is private to one of them
        node 0  row 0x00  core 0x00000000  private  rwx  owner 0  system 0x01000000   (line 3)
        node 1  row 0x00  core 0x00000000  private  rwx  owner 1  system 0x01000000   (line 10)
      """)
}

@Test(arguments: [
  ("row = 0xC0\nkind = \"shared\"\naccess = \"rwx\"\nsystem = 0x05000000", "writable and executable"),
  ("row = 0xC0\nkind = \"shared\"\nsystem = 0x01000000", "different kinds or owners"),
  ("row = 0xC0\nkind = \"shared\"\nsystem = 0x01001000", "not a multiple of 16 MiB"),
  ("row = 0xC0\nkind = \"shared\"\nsystem = 0x7f000000", "past the end of the machine's memory"),
  ("row = 0xC0\nkind = \"shared\"\naccess = \"\"\nsystem = 0x01000000", "must allow something"),
  ("row = 0xC0\nkind = \"messageBuffer\"\nsystem = 0x03000000\nowner = 7", "not a node of this machine"),
  (
    "row = 2\nkind = \"private\"\nsystem = 0x01000000\naccess = \"rwx\"",
    "no private memory at core address 0"
  ),
])
func aBadRowIsRefusedAtItsLine(row: String, reason: String) {
  let text = "[[node]]\nmemory = 32\n[[node.row]]\n\(row)\n[[node]]\nmemory = 32\n"
  let message = refusal(text)
  // A row that is not there has no line; its node has.
  let line = reason.hasPrefix("no private") ? 1 : 3
  #expect(message.hasPrefix("Images/sample.toml:\(line):1: "), "\(message)")
  #expect(message.contains(reason), "\(message)")
  #expect(message.contains("row 0x"), "\(message)")
}

@Test func twoRowsWithOneNumberAreRefusedAndBothDrawn() {
  let rows = """
    [[node]]
    [[node.row]]
    row = 0xC0
    kind = "shared"
    system = 0x05000000
    [[node.row]]
    row = 0xBF
    count = 2
    kind = "shared"
    system = 0x04000000
    """
  #expect(
    refusal(rows) == """
      Images/sample.toml:6:1: two rows of a node have the same number
        node 0  row 0xc0  core 0xc0000000  shared  rw-  owner 0  system 0x05000000   (line 2)
        node 0  row 0xc0  core 0xc0000000  shared  rw-  owner 0  system 0x05000000   (line 6)
      """)
  // The window where the node has its memory.
  let message = refusal("[window]\nrow = 1\n[[node]]\nmemory = 32\n")
  #expect(message.hasPrefix("Images/sample.toml:3:1: two rows of a node have the same number\n"))
  #expect(message.contains("row 0x01  core 0x01000000  shared") && message.contains("(line 1)"))
  #expect(message.contains("row 0x01  core 0x01000000  private") && message.contains("(line 3)"))
}

@Test func aHoleBetweenPrivateRowsIsRefused() {
  let text = """
    [[node]]
    memory = 32
    [[node.row]]
    row = 0
    kind = "private"
    access = "rwx"
    system = 0x01000000
    [[node.row]]
    row = 2
    kind = "private"
    access = "rwx"
    system = 0x02000000
    """
  #expect(refusal(text).contains("leave a hole between them"))
}

@Test(arguments: [
  ("[[node]]\nmemory = 33", "Images/sample.toml:2:10: `memory`"),
  ("[[node]]\n[[node]]\nmemroy = 32", "Images/sample.toml:3:1: found the unknown key `memroy`"),
  ("[[node]]\n[[node.row]]\nkind = \"private\"", "Images/sample.toml:2:1: the key `row` is missing"),
  ("[window]\nrow = 0\n[[node]]", "Images/sample.toml:2:7: `row`"),
  ("start = \"slowly\"\n[[node]]", "Images/sample.toml:1:9: `start`"),
])
func mistakesAreToldWithLineAndColumn(text: String, start: String) {
  #expect(refusal(text).hasPrefix(start), "\(refusal(text))")
}
