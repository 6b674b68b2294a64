import Base
import SeededRandomness
import Testing

@testable import Executable

@Suite struct ExecutableTests {
  @Test(arguments: ExecutableClass.allCases)
  func aFileBecomesAPlan(fileClass: ExecutableClass) throws {
    var file = SampleFile()
    file.fileClass = fileClass
    let plan = try plan(file)
    #expect(plan.fileClass == fileClass)
    #expect(!plan.isPositionIndependent)
    #expect(plan.entry == 0x40_1000)
    #expect(plan.segmentCount == 3)
    #expect(plan.programHeaders == 0x40_0000 + UInt64(fileClass.headerSize))
    #expect(plan.programHeaderCount == 4)
    #expect(!plan.wantsExecutableStack)
    #expect((0..<3).map { plan.segment($0).access } == [.readOnly, .readExecute, .readWrite])
    let data = plan.segment(2)
    #expect(data.firstPage == 0x403 && data.endOfFilePages == 0x404 && data.endPage == 0x406)
    #expect(data.filePage == 1 && data.fileEnd == 0x1900)
    #expect(plan.firstPage == 0x400 && plan.endPage == 0x406)
  }

  @Test func aFileThatCanBeMovedMayBeginAtZero() throws {
    var file = SampleFile()
    file.type = 3
    file.entry = 0x1000
    for index in 0..<3 { file.segments[index].address -= 0x40_0000 }
    let plan = try plan(file)
    #expect(plan.isPositionIndependent && plan.firstPage == 0 && plan.programHeaders == 64)
    file.type = 2
    #expect(throws: ExecutableError(.segmentAddress, header: 0, value: 0)) {
      try ExecutableTests.decode(file)
    }
  }

  static func decode(_ file: SampleFile) throws { _ = try plan(file) }

  /// What is broken, and the field that must be named.
  static let damage: [(ExecutableError.Reason, Int, @Sendable (inout SampleFile) -> Void)] = [
    (.type, -1, { $0.type = 1 }),
    (.type, -1, { $0.type = 4 }),
    (.entry, -1, { $0.entry = 0x40_0000 }),
    (.entry, -1, { $0.entry = 0x40_1800 }),
    (.entry, -1, { $0.entry = .max }),
    (.interpreter, 0, { $0.segments[0].type = 3 }),
    (.fileSize, 1, { $0.segments[1].fileSize = 0x801 }),
    (.segmentOffset, 1, { $0.segments[1].offset = 0x2000 }),
    (.segmentOffset, 1, { $0.segments[1].offset = .max & ~4095 }),
    (.segmentAddress, 1, { $0.segments[1].address = 0x8000_0000_0000 }),
    (.segmentAddress, 1, { $0.segments[1].address = .max & ~4095 }),
    (.segmentAddress, 0, { $0.segments[0].address = 0 }),
    (.segmentAddress, 2, { $0.segments[2].memorySize = .max }),
    (.alignment, 1, { $0.segments[1].alignment = 4095 }),
    (.offsetAgainstAddress, 1, { $0.segments[1].offset = 0x1001 }),
    (.writableText, 1, { $0.segments[1].flags = 7 }),
    (.writableText, 1, { $0.segments[1].flags = 3 }),
    (.segmentOrder, 1, { $0.segments[1].address = 0x40_0000 }),
    (.segmentOrder, 1, { $0.segments.swapAt(0, 1) }),
    (.segmentOrder, 2, { $0.segments[2].address = 0x40_1800 }),
    (.noSegment, -1, { $0.segments = [.init(type: 4)] }),
    (.programHeaderCount, -1, { $0.segments = [] }),
    (.programHeaderCount, -1, { $0.segments = Array(repeating: .init(type: 4), count: 65) }),
    (.programHeadersAddress, -1, { $0.segments[3] = .init(type: 6, address: 0x40_0041) }),
    (.programHeaderOffset, -1, { $0.fileSize = 0x80 }),
    (
      .tooManySegments, 16,
      {
        $0.segments = (0..<17).map { .init(address: 0x40_0000 + UInt64($0) * 4096, memorySize: 1) }
      }
    ),
  ]

  @Test(arguments: damage.indices) func theFieldIsNamed(index: Int) {
    let (reason, header, change) = Self.damage[index]
    var file = SampleFile()
    change(&file)
    do {
      _ = try plan(file)
      Issue.record("case \(index), \(reason), was accepted")
    } catch {
      #expect(error.reason == reason && error.header == header, "case \(index)")
      #expect(error.reason.sentence.utf8CodeUnitCount > 0)
    }
  }

  /// Bytes of the header and the field that each belongs to.
  static let headerBytes: [(Int, UInt8, ExecutableError.Reason)] = [
    (0, 0x7E, .magic), (3, 0, .magic), (4, 0, .fileClass), (4, 3, .fileClass), (5, 2, .byteOrder),
    (6, 0, .identificationVersion), (7, 9, .systemInterface), (18, 3, .machine), (20, 2, .version),
    (52, 63, .headerSize), (54, 55, .programHeaderSize), (57, 255, .programHeaderCount),
    (39, 255, .programHeaderOffset),
  ]

  @Test(arguments: headerBytes) func aWrongByteOfTheHeaderIsNamed(
    offset: Int, value: UInt8, reason: ExecutableError.Reason
  ) {
    var bytes = SampleFile().bytes
    bytes[offset] = value
    do {
      _ = try plan(bytes, fileSize: 0x2000)
      Issue.record("byte \(offset) was not looked at")
    } catch { #expect(error.reason == reason) }
  }

  @Test func aClassThatTheKernelCanNotRunIsRefused() {
    do {
      _ = try plan(SampleFile().bytes, fileSize: 0x2000, classes: .bits32)
      Issue.record("it was accepted")
    } catch { #expect(error == ExecutableError(.fileClass, value: 2)) }
  }

  @Test(arguments: ExecutableClass.allCases)
  func everyTruncationIsRefused(fileClass: ExecutableClass) {
    var file = SampleFile()
    file.fileClass = fileClass
    let bytes = file.bytes
    for count in 0..<bytes.count {
      do {
        _ = try plan(Array(bytes.prefix(count)), fileSize: UInt64(count))
        Issue.record("\(count) bytes were accepted")
      } catch {}
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func whateverIsAcceptedIsTrue(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var accepted = 0
    for _ in 0..<4_000 {
      var file = SampleFile()
      file.fileClass = Bool.random(using: &random) ? .bits32 : .bits64
      var bytes = file.bytes
      for _ in 0..<Int.random(in: 0..<4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = Bool.random(using: &random) ? .random(in: 0...255, using: &random) : bytes[place] ^ 1
      }
      guard let plan = try? plan(bytes, fileSize: file.fileSize) else { continue }
      accepted += 1
      var end: UInt64 = 0
      var hasEntry = false
      for index in 0..<plan.segmentCount {
        let segment = plan.segment(index)
        let isSound =
          segment.firstPage >= end && segment.endPage > segment.firstPage
          && segment.fileSize <= segment.memorySize && segment.fileEnd <= file.fileSize
          && segment.endPage << 12 <= 0x7FFF_FFFF_F000 && segment.access.contains(.read)
          && !segment.access.contains([.write, .execute])
        #expect(isSound, "seed \(seed): \(segment)")
        end = segment.endPage
        if segment.access.contains(.execute), segment.firstPage <= plan.entry >> 12,
          plan.entry >> 12 < segment.endPage
        {
          hasEntry = true
        }
      }
      #expect(hasEntry, "seed \(seed)")
    }
    #expect(accepted > 50, "seed \(seed)")
  }
}
