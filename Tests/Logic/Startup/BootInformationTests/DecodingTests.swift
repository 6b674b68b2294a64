import Base
import BootInformation
import Testing

@Test func qemusInformationIsUnderstood() throws {
  var loader = Loader1.ordinary()
  loader.modules([(0x20_0000, 0x20_1234, "/tmp/ramdisk.cpio root"), (0x30_0000, 0x30_0000, nil)])
  let information = try BootInformation(
    magic: multiboot1Magic, address: PhysicalAddress(Loader1.info), memory: loader.memory)
  #expect(information.bootProtocol == .multiboot1)
  let line = string(information.commandLine())
  #expect(line == "/k/kernel.elf log=debug")
  let name = string(information.loaderName())
  #expect(name == "qemu")
  #expect(information.moduleCount == 2)
  let module = information.module(at: 0)
  #expect(module.start == PhysicalAddress(0x20_0000))
  #expect(module.byteCount == 0x1234)
  let text = string(information.bytes(of: module.text))
  #expect(text == "/tmp/ramdisk.cpio root")
  let usable = information.memoryMap.bytes(of: .usable)
  #expect(usable == 0x9FC00 + 0x7EE_0000)
  #expect(information.framebuffer == nil)
  #expect(information.rootPointer == nil)
}

@Test func grubsInformationIsUnderstood() throws {
  var loader = Loader2.ordinary()
  loader.module(0x20_0000, 0x20_1000, "ramdisk")
  loader.tag(14, Array(repeating: 1, count: 20))
  loader.tag(15, Array(repeating: 2, count: 36))
  loader.framebuffer(0xB8000, pitch: 160, width: 80, height: 25, bits: 16, kind: 2)
  loader.tag(9, [1, 2, 3])
  loader.tag(999, [1, 2, 3, 4, 5])
  loader.end()
  let information = try BootInformation(
    magic: multiboot2Magic, address: PhysicalAddress(Loader2.info), memory: loader.memory)
  #expect(information.bootProtocol == .multiboot2)
  let line = string(information.commandLine())
  #expect(line == "log=debug")
  let name = string(information.loaderName())
  #expect(name == "GRUB 2.06")
  #expect(information.moduleCount == 1)
  #expect(information.rootPointer?.isExtended == true)
  #expect(information.rootPointer?.byteCount == 36)
  #expect(information.framebuffer?.kind == .text)
  #expect(information.framebuffer?.byteCount == 4000)
  #expect(information.informationRange.length == UInt64(loader.bytes.count))
}

@Test func twoSizesStandInForAMissingMap() throws {
  var loader = Loader1()
  loader.setFlags(1)
  loader.memory.put(UInt32(639), at: Loader1.info + 4)
  loader.memory.put(UInt32(129_920), at: Loader1.info + 8)
  let information = try BootInformation(
    magic: multiboot1Magic, address: PhysicalAddress(Loader1.info), memory: loader.memory)
  #expect(information.memoryMap.count == 2)
  #expect(information.memoryMap[0].end == 639 << 10)
  #expect(information.memoryMap[1].end == (1 << 20) + 129_920 << 10)
}

@Test func theLongestCommandLineIsKeptWhole() throws {
  var loader = Loader1.ordinary()
  let longest = String(repeating: "a", count: 2048)
  loader.text(longest, flag: 1 << 2, field: 16, at: 0x2_0000)
  let information = try BootInformation(
    magic: multiboot1Magic, address: PhysicalAddress(Loader1.info), memory: loader.memory)
  let line = string(information.commandLine())
  #expect(line == longest)
}

@Test func claimedModulesAreNoLongerUsable() throws {
  var loader = Loader1.ordinary()
  loader.modules([(0x20_0000, 0x20_1234, nil)])
  var information = try BootInformation(
    magic: multiboot1Magic, address: PhysicalAddress(Loader1.info), memory: loader.memory)
  try information.claimBootData()
  let isUsable = information.memoryMap.covers(0x20_0000, 0x20_1234, kind: .usable)
  let isBootData = information.memoryMap.covers(0x20_0000, 0x20_1234, kind: .bootData)
  let bytes = information.memoryMap.bytes(of: .bootData)
  #expect(!isUsable && isBootData)
  #expect(bytes == 0x1234 + 116)
}
