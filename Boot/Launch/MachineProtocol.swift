import Foundation

/// One message of QEMU's machine protocol, as far as the launcher listens.
public enum MachineMessage: Equatable, Sendable {
  /// QEMU says hello; commands are accepted after `qmp_capabilities`.
  case greeting
  /// Something happened to the machine; for SHUTDOWN and RESET with the reason.
  case event(name: String, reason: String?)
  /// The answer to a command: its identifier and, for a monitor command, the text.
  case answer(id: String?, text: String?)
  /// A command was refused.
  case refusal(id: String?, reason: String)

  /// Reads a line; `nil` if it is none of these.
  public init?(line: some Collection<UInt8>) {
    guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else {
      return nil
    }
    if object["QMP"] != nil {
      self = .greeting
    } else if let name = object["event"] as? String {
      let data = object["data"] as? [String: Any]
      self = .event(name: name, reason: data?["reason"] as? String)
    } else if let error = object["error"] as? [String: Any] {
      self = .refusal(id: object["id"] as? String, reason: error["desc"] as? String ?? "\(error)")
    } else if let answer = object["return"] {
      self = .answer(id: object["id"] as? String, text: answer as? String)
    } else {
      return nil
    }
  }

  /// The line that asks for a command to be carried out.
  public static func request(_ command: String, id: String, monitorLine: String? = nil) -> [UInt8] {
    let arguments = monitorLine.map { #","arguments":{"command-line":"\#($0)"}"# } ?? ""
    return Array(#"{"execute":"\#(command)","id":"\#(id)"\#(arguments)}"#.utf8) + [0x0A]
  }
}
