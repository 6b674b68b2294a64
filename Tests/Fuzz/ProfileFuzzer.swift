/// libFuzzer entry for what `apus predict` reads: bytes from anywhere as a tracer's output, a profile, or a file of
/// measured runs. Whatever is accepted is finite, and a profile that is written is read back as it was.
///
/// The first byte of the input is the kind of file, by its place in ProfileFormat; behind the last are measured runs.

import ProfileImport
import SpeedupModel

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProfile(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let formats = ProfileFormat.allCases
  let choice = Int(start[0]) % (formats.count + 1)
  let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
  guard choice < formats.count else {
    guard let comparison = try? RunComparison(bytes, place: "f") else { return 0 }
    precondition(comparison.runs.allSatisfy { $0.predicted > 0 && $0.measured > 0 })
    return 0
  }
  do throws(InputError) {
    let profile = try ProfileImporter.read(bytes: bytes, place: "f", as: formats[choice])
    precondition(profile.totalSeconds.isFinite && profile.systemShare >= 0 && profile.systemShare <= 1)
    let model = RefinedModel(profile, Setup(gain: 2, forwardingCost: 1e-5))
    precondition(model.predict(delegated: profile.calls.map { _ in true }).speedup >= 0)
    let written = try? Profile(json: Array(profile.json().utf8), place: "f")
    precondition(written == profile, "a profile is not read as it was written")
  } catch { precondition(error.place == "f") }
  return 0
}
