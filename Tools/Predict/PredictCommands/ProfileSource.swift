import PredictFigures
import ProfileImport
import SpeedupModel

/// Finds profiles by what a user wrote.
enum ProfileSource {
  /// A built-in profile for `@name`, else the file of that name in whatever format it has.
  static func read(_ text: String) throws -> Profile {
    guard text.hasPrefix("@") else {
      return try ProfileImporter.read(path: text, as: ProfileFormat.detect(path: text))
    }
    let name = String(text.dropFirst())
    guard let profile = try MeasuredProfiles.all().first(where: { $0.name == name })?.profile else {
      throw InputError(
        "profile", found: InputError.quoted(text),
        allowed: MeasuredProfiles.names.map { "@" + $0 }.joined(separator: ", "))
    }
    return profile
  }
}
