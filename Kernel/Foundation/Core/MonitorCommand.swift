/// The words that the kernel's own console understands.

/// A command of the monitor.
public enum MonitorCommand: Hashable, Sendable, CaseIterable {
  /// Lists the commands.
  case help
  /// Lists the ramdisk's files with sizes and checksums.
  case files
  /// Shows how much memory there is and who has it.
  case memory
  /// Lists the threads.
  case ps
  /// Shows who used the processor in the last second.
  case top
  /// Shows who brings interrupts, and how many came.
  case interrupts
  /// Shows the last events of the trace.
  case trace
  /// Shows all nodes of the machine.
  case nodes
  /// Shows the links to the other nodes.
  case links
  /// Sends a message around all nodes.
  case ring
  /// Lets every node check that its page tables keep to its lookup table.
  case isolation
  /// Asks a node to end by itself.
  case stop
  /// Holds a node's processor in reset.
  case kill
  /// Places a node that was killed anew and starts it.
  case restart
  /// The same with another node's image.
  case load
  /// Calls a node with messages of many lengths.
  case call
  /// Tries RCCE's calls between all nodes.
  case units
  /// Tries locks and barriers between all nodes.
  case sync
  /// Tries locks and barriers while a node dies.
  case death
  /// Lets a node attack its links to all others.
  case hostile
  /// Exchanges messages between all nodes over a transport with faults.
  case exchange
  /// Kills and restarts nodes while all exchange messages.
  case storm
  /// Lets the run end when this node has died.
  case will
  /// Measures messages between nodes.
  case measure
  /// Shows the guests, or does something with one.
  case guests
  /// Shows the last lines of the log, the ones that were not shown among them.
  case log
  /// Ends the run with status 0.
  case exit
  /// Breaks an invariant on purpose, to see a report.
  case panic

  /// The word that is typed.
  public var name: StaticString {
    switch self {
    case .help: "help"
    case .files: "files"
    case .memory: "memory"
    case .ps: "ps"
    case .top: "top"
    case .interrupts: "irqs"
    case .trace: "trace"
    case .nodes: "nodes"
    case .links: "links"
    case .ring: "ring"
    case .isolation: "isolation"
    case .stop: "stop"
    case .kill: "kill"
    case .restart: "restart"
    case .load: "load"
    case .call: "call"
    case .units: "units"
    case .sync: "sync"
    case .death: "death"
    case .hostile: "hostile"
    case .exchange: "exchange"
    case .storm: "storm"
    case .will: "will"
    case .measure: "measure"
    case .guests: "guests"
    case .log: "log"
    case .exit: "exit"
    case .panic: "panic"
    }
  }

  /// What the command does, for `help`.
  public var explanation: StaticString {
    switch self {
    case .help: "lists these commands"
    case .files: "lists the ramdisk's files with sizes and SHA-256 checksums"
    case .memory: "shows physical memory by kind, and what is free"
    case .ps: "lists the threads: level, state, share of the processor, switches, stack"
    case .top: "shows how the threads share the processor during one second"
    case .interrupts: "shows the controllers of interrupts, and how many came"
    case .trace: "shows the last events, if the kernel runs with trace=on"
    case .nodes: "shows all nodes of the machine: state, load, messages, bytes, errors"
    case .links: "shows the links to the other nodes: life, messages, bytes, errors"
    case .ring: "sends a message around all nodes; with a number, so often"
    case .isolation: "lets every node check its page tables against its lookup table"
    case .stop: "with a number: asks that node to end by itself"
    case .kill: "with a number: holds the processor of that node in reset"
    case .restart: "with a number: starts that node, which was stopped or killed, once more"
    case .load: "with two numbers: starts the first node with the image of the second"
    case .call: "with a number: calls that node with messages of 0 bytes to 64 KiB"
    case .units: "tries RCCE's calls between all nodes; with a number, so often"
    case .sync: "tries locks and barriers between all nodes; with a number, so often"
    case .death: "with a number: tries locks and barriers while that node dies"
    case .hostile: "with a number: lets that node attack its links to all others for two seconds"
    case .exchange: "with a number: so many thousand messages between every two nodes, with faults"
    case .storm: "kills and restarts every node, one after the other, while all exchange messages"
    case .will: "lets the run end when this node has died and a message went around the others"
    case .measure: "measures messages, locks and barriers between nodes, in ticks"
    case .guests:
      "shows the guests; show, start, pause, resume, stop, kill, restart, console N; level, share N VALUE"
    case .log: "shows the last lines of the log, hidden ones too"
    case .exit: "ends the run with status 0; so does the end of input (Ctrl-D)"
    case .panic: "breaks an invariant on purpose, to see a report"
    }
  }
}

/// What a typed line means.
public enum MonitorLine: Hashable, Sendable {
  /// Nothing was typed.
  case empty
  /// A command.
  case command(MonitorCommand)
  /// A command and a number.
  case numbered(MonitorCommand, UInt32)
  /// A command and two numbers.
  case pair(MonitorCommand, UInt32, UInt32)
  /// A command for guests.
  case guests(GuestCommand)
  /// A word that is no command.
  case unknown

  /// Reads a line.
  public init(_ line: Span<UInt8>) {
    var start = 0
    var end = line.count
    while start < end, line[start] == UInt8(ascii: " ") { start += 1 }
    while end > start, line[end - 1] == UInt8(ascii: " ") { end -= 1 }
    guard start < end else {
      self = .empty
      return
    }
    var wordEnd = start
    while wordEnd < end, line[wordEnd] != UInt8(ascii: " ") { wordEnd += 1 }
    for command in MonitorCommand.allCases where Self.matches(line, start..<wordEnd, command.name) {
      if command == .guests {
        guard let command = GuestCommand(line, from: wordEnd, to: end) else { break }
        self = .guests(command)
        return
      }
      if wordEnd == end {
        self = .command(command)
        return
      }
      var next = wordEnd
      while line[next] == UInt8(ascii: " ") { next += 1 }
      while next < end, line[next] != UInt8(ascii: " ") { next += 1 }
      guard let number = Self.number(line, wordEnd..<next) else { break }
      guard next < end else {
        self = .numbered(command, number)
        return
      }
      guard let second = Self.number(line, next..<end) else { break }
      self = .pair(command, number, second)
      return
    }
    self = .unknown
  }

  /// The decimal number in a range that begins with spaces, or `nil` for anything else or more than six digits.
  static func number(_ line: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
    var value: UInt32 = 0
    var digits = 0
    for index in range {
      let byte = line[index]
      if byte == UInt8(ascii: " "), digits == 0 { continue }
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), digits < 6 else { return nil }
      value = value * 10 + UInt32(byte - UInt8(ascii: "0"))
      digits += 1
    }
    return digits > 0 ? value : nil
  }

  static func matches(_ line: Span<UInt8>, _ range: Range<Int>, _ word: StaticString) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    for offset in 0..<range.count {
      // SAFETY: the offset is below the word's own count, which was just compared.
      guard unsafe word.utf8Start[offset] == line[range.lowerBound + offset] else { return false }
    }
    return true
  }
}
