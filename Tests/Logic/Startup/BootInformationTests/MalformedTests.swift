import Base
import BootInformation
import SeededRandomness
import Testing

/// One way in which a loader can be wrong, and the refusal that it must earn.
struct MalformedCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let reason: BootInformationError.Reason
  let attempt: @Sendable () -> BootInformationError?

  static func one(
    _ name: String, _ reason: BootInformationError.Reason,
    _ damage: @escaping @Sendable (inout Loader1) -> Void
  ) -> Self {
    Self(testDescription: "1: \(name)", reason: reason) {
      var loader = Loader1.ordinary()
      damage(&loader)
      return refusal(magic: multiboot1Magic, address: Loader1.info, loader.memory)
    }
  }

  static func two(
    _ name: String, _ reason: BootInformationError.Reason,
    _ build: @escaping @Sendable (inout Loader2) -> Void
  ) -> Self {
    Self(testDescription: "2: \(name)", reason: reason) {
      var loader = Loader2.ordinary()
      build(&loader)
      return refusal(magic: multiboot2Magic, address: Loader2.info, loader.memory)
    }
  }

  /// A loader that has said nothing yet.
  static func bare(
    _ name: String, _ reason: BootInformationError.Reason,
    _ build: @escaping @Sendable (inout Loader2) -> Void
  ) -> Self {
    Self(testDescription: "2: \(name)", reason: reason) {
      var loader = Loader2()
      build(&loader)
      return refusal(magic: multiboot2Magic, address: Loader2.info, loader.memory)
    }
  }
}

private let megabyte: UInt32 = 1 << 20

private let multiboot1Cases: [MalformedCase] = [
  .one("structure missing", .unreadable) { $0.memory.bytes = [:] },
  .one("structure cut after the flags", .unreadable) { loader in
    for offset in UInt64(4)..<116 { loader.memory.bytes[Loader1.info + offset] = nil }
  },
  .one("both symbol tables", .contradictoryFlags) { $0.setFlags(1 << 4 | 1 << 5) },
  .one("no flags at all", .noMemoryInformation) { $0.memory.put(UInt32(0), at: Loader1.info) },
  .one("map unreadable", .unreadable) { $0.memory.put(UInt32(0xF000_0000), at: Loader1.info + 48) },
  .one("map of no bytes", .noUsableMemory) { $0.memory.put(UInt32(0), at: Loader1.info + 44) },
  .one("map of one byte", .badMemoryMapEntry) { $0.memory.put(UInt32(1), at: Loader1.info + 44) },
  .one("map cut inside an entry", .badMemoryMapEntry) { $0.memory.put(UInt32(30), at: Loader1.info + 44) },
  .one("entry of size 0", .badMemoryMapEntry) { $0.memory.put(UInt32(0), at: 0x9000) },
  .one("entry of size 19", .badMemoryMapEntry) { $0.memory.put(UInt32(19), at: 0x9000) },
  .one("entry of size 2^32 - 1", .badMemoryMapEntry) { $0.memory.put(UInt32.max, at: 0x9000) },
  .one("entry that passes the map", .badMemoryMapEntry) { $0.memory.put(UInt32(200), at: 0x9000) },
  .one("range that wraps", .rangeOutsideAddressSpace) { $0.map([(.max - 0xFFF, 0x2000, 1)]) },
  .one("range beyond 52 bits", .rangeOutsideAddressSpace) { $0.map([(1 << 52, 0x1000, 1)]) },
  .one("reserved range that wraps", .rangeOutsideAddressSpace) { $0.map([(.max, .max, 2)]) },
  .one("only reserved memory", .noUsableMemory) { $0.map([(0, 1 << 30, 2)]) },
  .one("usable memory wholly reserved", .noUsableMemory) { $0.map([(0, 4096, 1), (0, 8192, 2)]) },
  .one("129 separate ranges", .tooManyRanges) { loader in
    loader.map((0..<129).map { (UInt64($0) * 8192, 4096, 1) }, at: 0x2_0000)
  },
  .one("command line at 0", .textAtZero) { $0.memory.put(UInt32(0), at: Loader1.info + 16) },
  .one("command line unreadable", .unreadable) { $0.memory.put(UInt32(0xE000_0000), at: Loader1.info + 16) },
  .one("command line of 2049 bytes", .commandLineTooLong) { loader in
    loader.text(String(repeating: "a", count: 2049), flag: 1 << 2, field: 16, at: 0x2_0000)
  },
  .one("command line that leaves 4 GiB", .unterminatedText) { loader in
    loader.memory.put(UInt32.max, at: Loader1.info + 16)
    loader.memory.bytes[UInt64(UInt32.max)] = 65
  },
  .one("loader name at 0", .textAtZero) { $0.memory.put(UInt32(0), at: Loader1.info + 64) },
  .one("loader name of 513 bytes", .textTooLong) { loader in
    loader.text(String(repeating: "a", count: 513), flag: 1 << 9, field: 64, at: 0x2_0000)
  },
  .one("17 modules", .tooManyModules) { loader in
    loader.modules((0..<17).map { (megabyte * (2 + UInt32($0)), megabyte * (2 + UInt32($0)) + 1, nil) })
  },
  .one("2^32 - 1 modules", .tooManyModules) { loader in
    loader.modules([])
    loader.memory.put(UInt32.max, at: Loader1.info + 20)
  },
  .one("module table unreadable", .unreadable) { loader in
    loader.modules([(megabyte * 2, megabyte * 3, nil)])
    loader.memory.put(UInt32(0xFFFF_FFF8), at: Loader1.info + 24)
  },
  .one("module that ends before it starts", .moduleEndsBeforeStart) {
    $0.modules([(megabyte * 2, megabyte, nil)])
  },
  .one("modules that overlap by a byte", .modulesOverlap) {
    $0.modules([(megabyte * 2, megabyte * 3 + 1, nil), (megabyte * 3, megabyte * 4, nil)])
  },
  .one("one module twice", .modulesOverlap) {
    $0.modules([(megabyte * 2, megabyte * 3, nil), (megabyte * 2, megabyte * 3, nil)])
  },
  .one("module inside another", .modulesOverlap) {
    $0.modules([(megabyte * 2, megabyte * 6, nil), (megabyte * 3, megabyte * 4, nil)])
  },
  .one("module where no memory is", .moduleOutsideMemory) { $0.modules([(0xE000_0000, 0xE000_1000, nil)]) },
  .one("module that reaches into reserved memory", .moduleOutsideMemory) {
    $0.modules([(0x7FD_F000, 0x7FE_0001, nil)])
  },
  .one("module over the structure", .moduleOverlapsInformation) { $0.modules([(0x9000, 0xA000, nil)]) },
  .one("module text unreadable", .unreadable) { loader in
    loader.modules([(megabyte * 2, megabyte * 3, nil)])
    loader.memory.put(UInt32(0xC000_0000), at: 0xA008)
  },
  .one("module texts that fill the store", .textTooLong) { loader in
    let text = String(repeating: "m", count: 500)
    loader.modules((0..<9).map { (megabyte * (2 + UInt32($0)), megabyte * (2 + UInt32($0)) + 1, text) })
  },
  .one("framebuffer at 0", .badFramebuffer) {
    $0.framebuffer(0, pitch: 160, width: 80, height: 25, bits: 16, kind: 2)
  },
  .one("framebuffer without lines", .badFramebuffer) {
    $0.framebuffer(0xB8000, pitch: 160, width: 80, height: 0, bits: 16, kind: 2)
  },
  .one("framebuffer without columns", .badFramebuffer) {
    $0.framebuffer(0xB8000, pitch: 160, width: 0, height: 25, bits: 16, kind: 2)
  },
  .one("framebuffer of 0 bits", .badFramebuffer) {
    $0.framebuffer(0xB8000, pitch: 160, width: 80, height: 25, bits: 0, kind: 1)
  },
  .one("framebuffer of 65 bits", .badFramebuffer) {
    $0.framebuffer(0xB8000, pitch: 16000, width: 80, height: 25, bits: 65, kind: 1)
  },
  .one("framebuffer line wider than its pitch", .badFramebuffer) {
    $0.framebuffer(0xE000_0000, pitch: 4095, width: 1024, height: 768, bits: 32, kind: 1)
  },
  .one("framebuffer of an unknown kind", .badFramebuffer) {
    $0.framebuffer(0xE000_0000, pitch: 4096, width: 1024, height: 768, bits: 32, kind: 3)
  },
  .one("framebuffer that wraps", .badFramebuffer) {
    $0.framebuffer(.max - 10, pitch: 4096, width: 1024, height: 768, bits: 32, kind: 1)
  },
]

private let multiboot2Cases: [MalformedCase] = [
  .two("no end tag", .missingEndTag) { _ in },
  .two("total size 0", .badTotalSize) { $0.totalOverride = 0 },
  .two("total size 15", .badTotalSize) { $0.totalOverride = 15 },
  .two("total size 2^32 - 1", .badTotalSize) { $0.totalOverride = .max },
  .two("total size that cuts a tag", .badTagSize) { $0.totalOverride = 20 },
  .two("total size beyond readable memory", .unreadable) { $0.totalOverride = 1 << 20 },
  .two("tag of size 0", .badTagSize) { $0.tag(9, [], size: 0) },
  .two("tag of size 7", .badTagSize) { $0.tag(9, [], size: 7) },
  .two("tag of size 2^32 - 1", .badTagSize) { $0.tag(9, [], size: .max) },
  .two("end tag of size 0", .badTagSize) { $0.tag(0, [], size: 0) },
  .two("command line twice", .repeatedTag) { $0.tag(1, [0]) },
  .two("map twice", .repeatedTag) { $0.map([(0, 4096, 1)]) },
  .two("loader name not terminated", .unterminatedText) { loader in
    loader = Loader2()
    loader.tag(2, [65, 66, 67])
  },
  .two("module without room for its text", .badTagSize) { $0.tag(3, [0, 0, 0, 0, 0, 0, 0, 0]) },
  .two("module text not terminated", .unterminatedText) { $0.tag(3, [0, 0, 32, 0, 0, 0, 48, 0, 65]) },
  .two("module that ends before it starts", .moduleEndsBeforeStart) { $0.module(200, 100, "x") },
  .two("module over the structure", .moduleOverlapsInformation) { loader in
    loader.module(0x10_0000, 0x10_0001, "x")
    loader.end()
  },
  .two("modules that overlap", .modulesOverlap) { loader in
    loader.module(megabyte * 2, megabyte * 4, "a")
    loader.module(megabyte * 3, megabyte * 5, "b")
    loader.end()
  },
  .two("17 modules", .tooManyModules) { loader in
    for index in 0..<17 { loader.module(megabyte * UInt32(index + 2), megabyte * UInt32(index + 2), "") }
    loader.end()
  },
  .two("framebuffer tag cut", .badTagSize) { $0.tag(8, [0, 0, 0, 0]) },
  .two("framebuffer at 0", .badFramebuffer) {
    $0.framebuffer(0, pitch: 1, width: 1, height: 1, bits: 8, kind: 1)
  },
  .two("root pointer of 19 bytes", .badRootPointer) { $0.tag(14, Array(repeating: 0, count: 19)) },
  .two("extended root pointer of 20 bytes", .badRootPointer) { $0.tag(15, Array(repeating: 0, count: 20)) },
  .bare("no memory information", .noMemoryInformation) { $0.end() },
  .bare("sizes cut", .badTagSize) { $0.tag(4, [0, 0, 0, 0]) },
  .bare("sizes of nothing", .noUsableMemory) { loader in
    loader.tag(4, Array(repeating: 0, count: 8))
    loader.end()
  },
  .bare("map without its header", .badTagSize) { $0.tag(6, [24, 0, 0, 0]) },
  .bare("map of another version", .unknownMemoryMapVersion) { $0.map([], version: 1) },
  .bare("map entries of size 0", .badMemoryMapEntry) { $0.map([(0, 4096, 1)], entrySize: 0) },
  .bare("map entries of size 20", .badMemoryMapEntry) { $0.map([(0, 4096, 1)], entrySize: 20) },
  .bare("map entries larger than the tag", .badMemoryMapEntry) { $0.map([(0, 4096, 1)], entrySize: 1 << 31) },
  .bare("range that wraps", .rangeOutsideAddressSpace) { $0.map([(.max, 2, 1)]) },
]

@Test(arguments: multiboot1Cases + multiboot2Cases)
func malformedInformationIsRefusedForItsReason(_ malformed: MalformedCase) {
  #expect(malformed.attempt()?.reason == malformed.reason)
}

@Test func anUnknownMagicNumberIsRefusedAndNamed() {
  let error = refusal(magic: 0x1234_5678, address: 0x9500, LoaderMemory())
  #expect(error?.reason == .unknownMagic)
  #expect(error?.value == 0x1234_5678)
}

@Test(arguments: [multiboot1Magic, multiboot2Magic])
func informationAtAddressZeroIsRefused(_ magic: UInt32) {
  #expect(refusal(magic: magic, address: 0, LoaderMemory())?.reason == .badAddress)
}

@Test func multiboot2InformationOnAnOddAddressIsRefused() {
  #expect(refusal(magic: multiboot2Magic, address: 0x10_0004, LoaderMemory())?.reason == .badAddress)
}

@Test func everyRefusalHasASentence() {
  for reason in BootInformationError.Reason.allCases {
    #expect(reason.sentence.utf8CodeUnitCount > 10)
  }
}

@Test func informationCutAtAnyByteIsRefusedNotMisread() {
  var loader = Loader2.ordinary()
  loader.module(megabyte * 2, megabyte * 3, "ramdisk")
  loader.end()
  let whole = loader.memory
  for cut in 0..<loader.bytes.count {
    var memory = whole
    for index in cut..<loader.bytes.count { memory.bytes[Loader2.info + UInt64(index)] = nil }
    #expect(refusal(magic: multiboot2Magic, address: Loader2.info, memory)?.reason == .unreadable)
  }
}

@Test(arguments: [UInt64(1), 2, 3, 4])
func randomDamageNeverDoesHarm(_ seed: UInt64) {
  print("seed \(seed)")
  var generator = SeededGenerator(seed: seed)
  var loader1 = Loader1.ordinary()
  loader1.modules([(megabyte * 2, megabyte * 3, "ramdisk"), (megabyte * 3, megabyte * 4, nil)])
  var loader2 = Loader2.ordinary()
  loader2.module(megabyte * 2, megabyte * 3, "ramdisk")
  loader2.framebuffer(0xE000_0000, pitch: 4096, width: 1024, height: 768, bits: 32, kind: 1)
  loader2.end()
  let originals = [
    (multiboot1Magic, Loader1.info, loader1.memory), (multiboot2Magic, Loader2.info, loader2.memory),
  ]
  let places = originals.map { $0.2.bytes.keys.sorted() }
  for round in 0..<4000 {
    var (magic, address, memory) = originals[round & 1]
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = places[round & 1].randomElement(using: &generator) ?? 0
      memory.bytes[place] = UInt8.random(in: 0...255, using: &generator)
    }
    do throws(BootInformationError) {
      let information = try BootInformation(magic: magic, address: PhysicalAddress(address), memory: memory)
      expectSortedAndDisjoint(information.memoryMap, seed: seed)
    } catch {
      #expect(error.reason.sentence.utf8CodeUnitCount > 0)
    }
  }
}
