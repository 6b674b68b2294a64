import Foundation
import HostSupport
import ImageBuilder
import Testing

private func read(_ text: String) throws -> ImageDescription {
  try ImageDescription(text: text, file: "Images/sample.toml")
}

private let least = "architecture = \"i686\"\n"

@Test func aDescriptionNeedsOnlyItsArchitecture() throws {
  let image = try read(least)
  #expect(image.name == "sample")
  #expect(image.architecture == .i686)
  #expect(image.kernel == .kernel)
  #expect(image.commandLine == "")
  #expect(image.ramdisk == nil)
  #expect(image.ramdiskSize == nil)
  #expect(image.cpus == 1)
  #expect(image.memory == 128)
}

@Test func everyKeyIsRead() throws {
  let image = try read(
    """
    # a comment
    name = "full"
    architecture = "x86_64"
    kernel = "TestKernel"
    command-line = "test=hang log=debug"
    cpus = 4
    memory = 0x200
    ramdisk = "."
    ramdisk-size = 64
    """)
  #expect(image.name == "full")
  #expect(image.kernel == .testKernel)
  #expect(image.commandLine == "test=hang log=debug")
  #expect(image.cpus == 4)
  #expect(image.memory == 512)
  #expect(image.ramdisk != nil && image.ramdiskSize == 64)
}

@Test(arguments: [
  (
    "architecture = \"arm\"", "sample.toml:1:16: `architecture`: found \"arm\"; allowed: \"i686\", \"x86_64\""
  ),
  ("architecture = 7", "sample.toml:1:16: `architecture`: found a integer 7; allowed: \"i686\", \"x86_64\""),
  (least + "cpus = 0", "sample.toml:2:8: `cpus`: found 0; allowed: a whole number from 1 to 255"),
  (least + "\n  cpus =   256", "sample.toml:3:12: `cpus`: found 256; allowed"),
  (least + "memory = \"128\"", "sample.toml:2:10: `memory`: found a string \"128\"; allowed: a whole number"),
  (
    least + "memory = 15",
    "sample.toml:2:10: `memory`: found 15; allowed: a whole number from 16 to 65536 (MiB)"
  ),
  (least + "kernel = \"kernel\"", "sample.toml:2:10: `kernel`: found \"kernel\"; allowed: \"Kernel\""),
  (least + "command-line = 3", "sample.toml:2:16: `command-line`: found a integer 3; allowed: a string"),
  (least + "command-line = \"a\\nb\"", "sample.toml:2:16: `command-line`: found a line end"),
  (least + "name = \"a/b\"", "sample.toml:2:8: `name`: found \"a/b\"; allowed: letters"),
  (least + "name = \"..\"", "sample.toml:2:8: `name`: found \"..\"; allowed: letters"),
  (least + "ramdisk-size = 2048", "sample.toml:2:16: `ramdisk-size`: found 2048; allowed: a whole number"),
  (least + "ramdisk = \"no/such\"", "sample.toml:2:11: `ramdisk`: found \"no/such\""),
  (
    least + "# memory = 1\nmemroy = 1",
    "sample.toml:3:1: found the unknown key `memroy`; allowed: architecture, command-line"
  ),
  (least + "[machine]\ncpus = 2", "sample.toml:2:1: found the unknown key `machine`"),
  ("cpus = 2", "sample.toml: the key `architecture` is missing; allowed: i686, x86_64"),
]) func aMistakeIsToldWithItsPlace(text: String, expected: String) {
  let said = complaint { _ = try read(text) }
  #expect(said.contains(expected), "\(said)")
}

@Test(arguments: [
  ("architecture = ", 1), (least + "cpus = 1 memory = 2", 2), (least + "cpus = 1\ncpus = 2", 3),
  (least + "x = \"abc", 2),
  ("= 3", 1),
]) func aSyntaxErrorIsToldWithItsLine(text: String, line: Int) {
  let said = complaint { _ = try read(text) }
  #expect(said.contains("Images/sample.toml:\(line):"), "\(said)")
}

@Test func aWrongValueBehindLongStringsIsStillFound() {
  let text = """
    name = 'single # no comment'
    note = \"\"\"
    cpus = 99
    \\\"\"\" still inside
    \"\"\"
    list = [ 1, # a comment ]
      2 ]
    architecture = "i686"
    cpus = 0
    """
  // The unknown keys come later in the order of checks than the wrong name: make the name right.
  let said = complaint { _ = try read(text.replacing("'single # no comment'", with: "'plain'")) }
  #expect(said.contains("sample.toml:9:8: `cpus`: found 0"), "\(said)")
}

@Test func theProjectsOwnDescriptionsAreSound() throws {
  let project = try Project.find()
  let images = try ImageDescription.all(in: project)
  #expect(images.map(\.name) == ["apus-i686", "apus-x86_64"])
  #expect(images.allSatisfy { $0.ramdisk != nil })
}
