/// What a terminal does with a character that is typed: translation, signals, editing, echo.

import LinuxABI

extension Terminal {
  /// Takes a character from the device.
  ///
  /// - Returns: the signal that it stands for, to be sent to the foreground group.
  @export(interface)
  public mutating func receive(_ byte: UInt8, pool: inout PagePool) -> SignalNumber? {
    var character = byte
    if attributes.input & TerminalAttributes.strip != 0 { character &= 0x7F }
    if isNextLiteral {
      isNextLiteral = false
      append(character, marks: 0, pool: &pool)
      return nil
    }
    if character == 0x0D {
      if attributes.input & TerminalAttributes.ignoreCR != 0 { return nil }
      if attributes.input & TerminalAttributes.crToNewline != 0 { character = 0x0A }
    } else if character == 0x0A, attributes.input & TerminalAttributes.newlineToCRInput != 0 {
      character = 0x0D
    }
    if attributes.input & TerminalAttributes.startStop != 0 {
      if matches(character, TerminalAttributes.stop) {
        isStopped = true
        return nil
      }
      if matches(character, TerminalAttributes.start) {
        isStopped = false
        return nil
      }
    }
    if isOn(TerminalAttributes.signals), let signal = signal(for: character) {
      if !isOn(TerminalAttributes.noFlush) {
        flushInput()
        flushOutput()
      }
      isStopped = false
      echo(character, pool: &pool)
      return signal
    }
    if isCanonical, edit(character, pool: &pool) { return nil }
    append(character, marks: isLineEnd(character) ? Self.lineEnd : 0, pool: &pool)
    return nil
  }

  /// Whether a character is the one at a place of the attributes; a zero there stands for none.
  @inline(__always)
  private func matches(_ character: UInt8, _ place: Int) -> Bool {
    character != 0 && attributes.characters[place] == character
  }

  private func signal(for character: UInt8) -> SignalNumber? {
    if matches(character, TerminalAttributes.interrupt) { return .interrupt }
    if matches(character, TerminalAttributes.quit) { return .quit }
    if matches(character, TerminalAttributes.suspend) { return .terminalStop }
    return nil
  }

  private func isLineEnd(_ character: UInt8) -> Bool {
    character == 0x0A || matches(character, TerminalAttributes.endOfLine)
      || isOn(TerminalAttributes.extended) && matches(character, TerminalAttributes.endOfLine2)
  }

  private mutating func append(_ character: UInt8, marks: UInt8, pool: inout PagePool) {
    // One cell stays for the end of a line, or a line that is too long could never be read.
    let limit = isCanonical && marks == 0 ? CellRing.capacity - 1 : CellRing.capacity
    guard input.count < limit else { return }
    input.append(character, marks: marks, pool: &pool)
    if marks != 0 {
      lineCount += 1
      pending = 0
    } else {
      pending += 1
    }
    echo(character, pool: &pool)
  }

  // MARK: - Editing a line

  /// Obeys a character that edits the line or ends it without a trace; `false` when it is none.
  private mutating func edit(_ character: UInt8, pool: inout PagePool) -> Bool {
    if matches(character, TerminalAttributes.erase) {
      eraseCharacter(pool: &pool)
    } else if matches(character, TerminalAttributes.kill) {
      killLine(character, pool: &pool)
    } else if matches(character, TerminalAttributes.endOfFile) {
      guard !input.isFull else { return true }
      input.append(0, marks: Self.fileEnd, pool: &pool)
      lineCount += 1
      pending = 0
    } else if isOn(TerminalAttributes.extended) {
      if matches(character, TerminalAttributes.wordErase) {
        eraseWord(pool: &pool)
      } else if matches(character, TerminalAttributes.literalNext) {
        isNextLiteral = true
        if isOn(TerminalAttributes.echo), isOn(TerminalAttributes.echoControl) {
          _ = show(UInt8(ascii: "^"), pool: &pool)
          _ = show(0x08, pool: &pool)
        }
      } else if matches(character, TerminalAttributes.reprint) {
        echo(character, pool: &pool)
        _ = show(0x0A, pool: &pool)
        for index in (input.count - pending)..<input.count {
          echo(input.cell(index, pool: pool).character, pool: &pool)
        }
      } else {
        return false
      }
    } else {
      return false
    }
    return true
  }

  /// IUTF8: a character may have several bytes.
  private var isUnicode: Bool { attributes.input & 0o40000 != 0 }

  private mutating func eraseCharacter(pool: inout PagePool) {
    var erased: UInt8 = 0
    repeat {
      guard pending > 0 else { return }
      erased = input.removeLast(pool: pool)
      pending -= 1
    } while isUnicode && erased & 0xC0 == 0x80
    guard isOn(TerminalAttributes.echo) else { return }
    guard isOn(TerminalAttributes.echoErase) else {
      return echo(attributes.characters[TerminalAttributes.erase], pool: &pool)
    }
    rubOut(erased, pool: &pool)
  }

  private mutating func rubOut(_ erased: UInt8, pool: inout PagePool) {
    let isControl = (erased < 0x20 || erased == 0x7F) && erased != 0x09
    let width = isControl ? (isOn(TerminalAttributes.echoControl) ? 2 : 0) : 1
    for _ in 0..<width {
      _ = show(0x08, pool: &pool)
      _ = show(0x20, pool: &pool)
      _ = show(0x08, pool: &pool)
    }
  }

  private mutating func eraseWord(pool: inout PagePool) {
    var hasLetter = false
    while pending > 0 {
      let last = input.cell(input.count - 1, pool: pool).character
      let isLetter =
        last == UInt8(ascii: "_") || last >= 0x80 || (0x30...0x39).contains(last)
        || (0x41...0x5A).contains(last & 0xDF)
      if hasLetter, !isLetter { return }
      hasLetter = hasLetter || isLetter
      eraseCharacter(pool: &pool)
    }
  }

  private mutating func killLine(_ character: UInt8, pool: inout PagePool) {
    if isOn(TerminalAttributes.echo), isOn(TerminalAttributes.echoKillErase),
      isOn(TerminalAttributes.echoErase)
    {
      while pending > 0 { eraseCharacter(pool: &pool) }
      return
    }
    while pending > 0 {
      _ = input.removeLast(pool: pool)
      pending -= 1
    }
    echo(character, pool: &pool)
    if isOn(TerminalAttributes.echo), isOn(TerminalAttributes.echoKill) { _ = show(0x0A, pool: &pool) }
  }

  // MARK: - Echo

  /// Shows a typed character; what does not fit is not shown.
  private mutating func echo(_ character: UInt8, pool: inout PagePool) {
    if character == 0x0A {
      guard isOn(TerminalAttributes.echo) || isCanonical && isOn(TerminalAttributes.echoNewline) else {
        return
      }
      _ = show(character, pool: &pool)
      return
    }
    guard isOn(TerminalAttributes.echo) else { return }
    if isOn(TerminalAttributes.echoControl), character < 0x20 || character == 0x7F, character != 0x09 {
      _ = show(UInt8(ascii: "^"), pool: &pool)
      _ = show(character ^ 0x40, pool: &pool)
    } else {
      _ = show(character, pool: &pool)
    }
  }
}
