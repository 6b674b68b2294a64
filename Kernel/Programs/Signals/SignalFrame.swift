/// What a handler finds on its stack, and what is made of it when it returns.
///
///     x86_64                              i386, with information           i386, without
///       0 where the handler returns to      0 where it returns to            0 where it returns to
///       8 flags, link, stack                4 signal                         4 signal
///      48 registers (256)                   8 address of information         8 registers (88)
///     304 mask                             12 address of context            96 mask, upper half
///     312 information (128)                16 information (128)            100 two words that are not used
///     440                                 144 flags, link, stack           108
///                                         164 registers (88)
///                                         252 mask
///                                         260 two words that are not used
///                                         268
///
/// Above it lies the floating-point state, if there is one. A program may write anything into a frame: of what comes
/// back, only registers that are its own are taken.

import LinuxABI

/// The registers of a program, of both interfaces; i386 uses the lower halves of the first eight.
public struct ProgramRegisters: BitwiseCopyable, Hashable, Sendable {
  public var ax, bx, cx, dx, si, di, bp, sp: UInt64
  public var r8, r9, r10, r11, r12, r13, r14, r15: UInt64
  public var ip, flags: UInt64
  public var cs, ss, ds, es, fs, gs: UInt16
  /// What the processor said when a fault was the reason.
  public var trap, error, address: UInt64

  /// Zeros.
  public init() {
    (ax, bx, cx, dx, si, di, bp, sp) = (0, 0, 0, 0, 0, 0, 0, 0)
    (r8, r9, r10, r11, r12, r13, r14, r15) = (0, 0, 0, 0, 0, 0, 0, 0)
    (ip, flags, trap, error, address) = (0, 0, 0, 0, 0)
    (cs, ss, ds, es, fs, gs) = (0, 0, 0, 0, 0, 0)
  }

  /// The flags that a program sets as it likes: carry to overflow, direction, trap and alignment check.
  public static var programFlags: UInt64 { 0x0005_0DD5 }
}

/// Where a frame goes and what is in it.
public struct SignalFrame: BitwiseCopyable {
  /// The kinds of frames.
  public enum Kind: UInt8, BitwiseCopyable, Hashable, Sendable {
    case x86_64, i386WithInformation, i386

    /// Bytes of the frame.
    public var size: Int {
      switch self {
      case .x86_64: 440
      case .i386WithInformation: 268
      case .i386: 108
      }
    }

    /// Where the registers are in it.
    var registersOffset: Int {
      switch self {
      case .x86_64: 48
      case .i386WithInformation: 164
      case .i386: 8
      }
    }

    /// Where the alternate stack is described, if anywhere.
    var stackOffset: Int? {
      switch self {
      case .x86_64: 24
      case .i386WithInformation: 152
      case .i386: nil
      }
    }

    /// The word of the registers that has the address of the floating-point state.
    var statePointerOffset: Int { self == .x86_64 ? registersOffset + 184 : registersOffset + 76 }
  }

  /// Its layout.
  public let kind: Kind
  /// The frame's address, which is the handler's stack pointer.
  public let address: UInt64
  /// Where the floating-point state goes, or 0.
  public let state: UInt64

  /// The most bytes of any frame.
  public static var largestSize: Int { 440 }

  /// Places a frame below a stack pointer.
  ///
  /// - Parameters:
  ///   - pointer: the program's, or the end of its alternate stack.
  ///   - stateSize: bytes of floating-point state, or 0.
  ///   - keepsRedZone: whether the 128 bytes below the pointer may be in use.
  /// - Returns: `nil` if there is no room above address 0.
  public init?(_ kind: Kind, below pointer: UInt64, stateSize: UInt64, keepsRedZone: Bool) {
    self.kind = kind
    var place = pointer
    if keepsRedZone, kind == .x86_64 {
      guard place >= 128 else { return nil }
      place -= 128
    }
    guard place > stateSize + UInt64(kind.size) + 256 else { return nil }
    if stateSize != 0 {
      place = (place - stateSize) & ~63
      state = place
    } else {
      state = 0
    }
    place -= UInt64(kind.size)
    // As behind a call: the word at the pointer is the return address, what follows is aligned to 16.
    address = kind == .x86_64 ? (place & ~15) - 8 : ((place + 4) & ~15) - 4
  }

  /// What is written.
  public struct Contents: BitwiseCopyable {
    /// The signal.
    public var signal: SignalNumber
    /// Why it was sent.
    public var information: SignalInformation
    /// The program's registers.
    public var registers: ProgramRegisters
    /// What is blocked, once the handler is left.
    public var mask: UInt64
    /// The alternate stack.
    public var stack: AlternateStack
    /// Where the handler returns to.
    public var restorer: UInt64

    /// Puts the parts together.
    public init(
      _ signal: SignalNumber, _ information: SignalInformation, _ registers: ProgramRegisters, mask: UInt64,
      stack: AlternateStack, restorer: UInt64
    ) {
      (self.signal, self.information, self.registers) = (signal, information, registers)
      (self.mask, self.stack, self.restorer) = (mask, stack, restorer)
    }
  }

  /// Writes the frame into `kind.size` zeroed bytes.
  @export(interface)
  public func write(_ contents: Contents, to bytes: inout MutableSpan<UInt8>) {
    let signal = UInt64(contents.signal.rawValue)
    switch kind {
    case .x86_64:
      bytes.put(contents.restorer, count: 8, at: 0)
      bytes.put(contents.stack.start, count: 8, at: 24)
      bytes.put(UInt64(contents.stack.flags(at: contents.registers.sp)), count: 4, at: 32)
      bytes.put(contents.stack.size, count: 8, at: 40)
      writeRegisters64(contents.registers, to: &bytes)
      bytes.put(contents.mask, count: 8, at: 48 + 168)
      bytes.put(contents.mask, count: 8, at: 304)
      contents.information.write(contents.signal, .x86_64, to: &bytes, at: 312)
    case .i386WithInformation:
      bytes.put(contents.restorer, count: 4, at: 0)
      bytes.put(signal, count: 4, at: 4)
      bytes.put(address + 16, count: 4, at: 8)
      bytes.put(address + 144, count: 4, at: 12)
      contents.information.write(contents.signal, .i386, to: &bytes, at: 16)
      bytes.put(contents.stack.start, count: 4, at: 152)
      bytes.put(UInt64(contents.stack.flags(at: contents.registers.sp)), count: 4, at: 156)
      bytes.put(contents.stack.size, count: 4, at: 160)
      writeRegisters32(contents, to: &bytes)
      bytes.put(contents.mask, count: 8, at: 252)
    case .i386:
      bytes.put(contents.restorer, count: 4, at: 0)
      bytes.put(signal, count: 4, at: 4)
      writeRegisters32(contents, to: &bytes)
      bytes.put(contents.mask >> 32, count: 4, at: 96)
    }
    bytes.put(state, count: kind == .x86_64 ? 8 : 4, at: kind.statePointerOffset)
  }

  private func writeRegisters64(_ r: ProgramRegisters, to bytes: inout MutableSpan<UInt8>) {
    var offset = 48
    func put(_ value: UInt64, _ bytes: inout MutableSpan<UInt8>) {
      bytes.put(value, count: 8, at: offset)
      offset += 8
    }
    put(r.r8, &bytes)
    put(r.r9, &bytes)
    put(r.r10, &bytes)
    put(r.r11, &bytes)
    put(r.r12, &bytes)
    put(r.r13, &bytes)
    put(r.r14, &bytes)
    put(r.r15, &bytes)
    put(r.di, &bytes)
    put(r.si, &bytes)
    put(r.bp, &bytes)
    put(r.bx, &bytes)
    put(r.dx, &bytes)
    put(r.ax, &bytes)
    put(r.cx, &bytes)
    put(r.sp, &bytes)
    put(r.ip, &bytes)
    put(r.flags, &bytes)
    put(UInt64(r.cs) | UInt64(r.gs) << 16 | UInt64(r.fs) << 32 | UInt64(r.ss) << 48, &bytes)
    put(r.error, &bytes)
    put(r.trap, &bytes)
    offset += 8  // the mask, written by the caller
    put(r.address, &bytes)
  }

  private func writeRegisters32(_ contents: Contents, to bytes: inout MutableSpan<UInt8>) {
    let r = contents.registers
    var offset = kind.registersOffset
    func put(_ value: UInt64, _ bytes: inout MutableSpan<UInt8>) {
      bytes.put(value & 0xFFFF_FFFF, count: 4, at: offset)
      offset += 4
    }
    put(UInt64(r.gs), &bytes)
    put(UInt64(r.fs), &bytes)
    put(UInt64(r.es), &bytes)
    put(UInt64(r.ds), &bytes)
    put(r.di, &bytes)
    put(r.si, &bytes)
    put(r.bp, &bytes)
    put(r.sp, &bytes)
    put(r.bx, &bytes)
    put(r.dx, &bytes)
    put(r.cx, &bytes)
    put(r.ax, &bytes)
    put(r.trap, &bytes)
    put(r.error, &bytes)
    put(r.ip, &bytes)
    put(UInt64(r.cs), &bytes)
    put(r.flags, &bytes)
    put(r.sp, &bytes)
    put(UInt64(r.ss), &bytes)
    put(state, &bytes)
    put(contents.mask, &bytes)
    put(r.address, &bytes)
  }

  /// What a frame that comes back asks for.
  public struct Return: BitwiseCopyable {
    /// The program's registers.
    public var registers: ProgramRegisters
    /// What is blocked, once the handler is left.
    public var mask: UInt64
    /// Where floating-point state is, or 0.
    public var state: UInt64
    /// The alternate stack, if the frame has one.
    public var stack: AlternateStack?
  }

  /// The code segment that a frame names, if it is one of the two that programs of x86_64 may change between.
  private static func code(_ word: UInt64, _ current: ProgramRegisters) -> UInt16 {
    let selector = UInt16(truncatingIfNeeded: word)
    func isOne(_ selector: UInt16) -> Bool { selector == 0x23 || selector == 0x33 }
    return isOne(selector) && isOne(current.cs) ? selector : current.cs
  }

  /// Reads a frame that a program hands back.
  ///
  /// - Parameters:
  ///   - kind: which kind it should be.
  ///   - bytes: `kind.size` bytes.
  ///   - current: what the program has now; selectors, and flags that it may not change, are taken from here.
  @export(interface)
  public static func read(_ kind: Kind, from bytes: Span<UInt8>, current: ProgramRegisters) -> Return {
    var r = current
    let base = kind.registersOffset
    let mask: UInt64
    if kind == .x86_64 {
      func word(_ index: Int) -> UInt64 { bytes.number(count: 8, at: base + 8 * index) }
      (r.r8, r.r9, r.r10, r.r11) = (word(0), word(1), word(2), word(3))
      (r.r12, r.r13, r.r14, r.r15) = (word(4), word(5), word(6), word(7))
      (r.di, r.si, r.bp, r.bx) = (word(8), word(9), word(10), word(11))
      (r.dx, r.ax, r.cx, r.sp) = (word(12), word(13), word(14), word(15))
      (r.ip, r.flags) = (word(16), word(17))
      r.cs = code(word(18), current)
      mask = bytes.number(count: 8, at: 304)
    } else {
      func word(_ index: Int) -> UInt64 { bytes.number(count: 4, at: base + 4 * index) }
      (r.di, r.si, r.bp, r.sp) = (word(4), word(5), word(6), word(7))
      (r.bx, r.dx, r.cx, r.ax) = (word(8), word(9), word(10), word(11))
      (r.ip, r.flags) = (word(14), word(16))
      r.cs = code(word(15), current)
      (r.gs, r.fs) = (UInt16(truncatingIfNeeded: word(0)), UInt16(truncatingIfNeeded: word(1)))
      (r.es, r.ds) = (UInt16(truncatingIfNeeded: word(2)), UInt16(truncatingIfNeeded: word(3)))
      mask =
        kind == .i386
        ? word(20) | bytes.number(count: 4, at: 96) << 32
        : bytes.number(count: 8, at: 252)
    }
    r.flags =
      r.flags & ProgramRegisters.programFlags | current.flags & ~ProgramRegisters.programFlags
    var answer = Return(registers: r, mask: mask & ~SignalSets.unblockable, state: 0, stack: nil)
    answer.state = bytes.number(count: kind == .x86_64 ? 8 : 4, at: kind.statePointerOffset)
    if let place = kind.stackOffset {
      let word = kind == .x86_64 ? 8 : 4
      var stack = AlternateStack()
      let flags = UInt32(truncatingIfNeeded: bytes.number(count: 4, at: place + word))
      if flags & AlternateStack.disabledFlag == 0 {
        stack.start = bytes.number(count: word, at: place)
        stack.size = bytes.number(count: word, at: place + 2 * word)
      }
      answer.stack = stack
    }
    return answer
  }
}
