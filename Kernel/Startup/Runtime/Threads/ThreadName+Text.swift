/// A thread's name for the console.

import Log
import Scheduling

extension ThreadName {
  /// The name as text.
  public var text: Text {
    var text = Text()
    for index in 0..<count { text.append(printable: self[index]) }
    return text
  }
}
