/// libFuzzer entry for executable files: any bytes must lead to a plan that can be carried out, or to a refusal that
/// names the field; never to a trap or a hang.
///
/// Byte 0 picks the class that is looked for and what stands at the beginning; the rest is the file.

import Base
import Executable

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzExecutable(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 1 else { return 0 }
  var bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
  // Half of the inputs get past the identification whatever they are.
  if start[0] & 1 == 0, bytes.count > 24 {
    let is64 = start[0] & 2 == 0
    bytes.replaceSubrange(0..<8, with: [0x7F, 0x45, 0x4C, 0x46, is64 ? 2 : 1, 1, 1, 0])
    bytes.replaceSubrange(16..<24, with: [start[0] & 4 == 0 ? 2 : 3, 0, is64 ? 62 : 3, 0, 1, 0, 0, 0])
  }
  let limit: UInt64 = 0x7FFF_FFFF_F000
  do throws(ExecutableError) {
    let header = try ExecutableHeader(
      Array(bytes.prefix(ExecutableHeader.byteCount)).span, fileSize: UInt64(bytes.count),
      classes: [.bits32, .bits64])
    let table = Array(bytes.dropFirst(Int(clamping: header.tableOffset)).prefix(header.tableSize))
    check(
      try LoadPlan(
        header, table: table.span, fileSize: UInt64(bytes.count), lowest: 0x1_0000, limit: limit),
      UInt64(bytes.count), limit)
  } catch {
    precondition(error.reason.sentence.utf8CodeUnitCount > 0)
  }
  return 0
}

private func check(_ plan: LoadPlan, _ fileSize: UInt64, _ limit: UInt64) {
  precondition((1...LoadPlan.capacity).contains(plan.segmentCount))
  var end: UInt64 = plan.isPositionIndependent ? 0 : 0x10
  for index in 0..<plan.segmentCount {
    let segment = plan.segment(index)
    precondition(segment.firstPage >= end && segment.endPage > segment.firstPage)
    precondition(segment.endPage << 12 <= limit && segment.fileEnd <= fileSize)
    precondition(segment.fileSize <= segment.memorySize && segment.endOfFilePages <= segment.endPage)
    precondition(segment.access.contains(.read) && !segment.access.contains([.write, .execute]))
    end = segment.endPage
  }
}
