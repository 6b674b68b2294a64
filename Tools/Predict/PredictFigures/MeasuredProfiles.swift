import SpeedupModel

/// Profiles of real programs from Debian, recorded with `apus predict record`; Docs/predict.md has the
/// commands.
///
/// The paper publishes p of its benchmarks, but no counts or times of calls, and SPEC's programs are not free. So
/// figures that need them are drawn from these programs: their shapes can be compared, their values cannot.
public enum MeasuredProfiles {
  private static let files: [(name: String, bytes: [UInt8])] = [
    ("gzip", PackageResources.gzip_json), ("bzip2", PackageResources.bzip2_json),
    ("gcc", PackageResources.gcc_json), ("sqlite", PackageResources.sqlite_json),
  ]

  /// The names of the profiles.
  public static var names: [String] { files.map(\.name) }

  /// Reads the built-in profiles.
  public static func all() throws(InputError) -> [(name: String, profile: Profile)] {
    var result: [(name: String, profile: Profile)] = []
    for file in files { result.append((file.name, try Profile(json: file.bytes, place: "@\(file.name)"))) }
    return result
  }
}
