/// A thread's registers, whichever architecture's frame they are in.

import Arch
import LinuxABI
import Signals
import X86

/// The selectors of programs, whichever architecture this is.
package enum Selectors {
  #if arch(i386)
    package static var data: UInt16 { Selectors32.userData }
    package static func code(_ abi: ProgramABI) -> UInt16 { Selectors32.userCode }
  #else
    package static var data: UInt16 { Selectors64.userData }
    package static func code(_ abi: ProgramABI) -> UInt16 {
      abi == .i386 ? Selectors64.userCode32 : Selectors64.userCode64
    }
  #endif
}

extension ProgramThreadReference {
  #if arch(i386)
    /// Where its program is.
    public var programCounter: UInt { UInt(frame.eip) }

    /// What its call answers.
    public var result: Int {
      @inline(__always) get { Int(Int32(bitPattern: frame.eax)) }
      nonmutating set { frame.eax = UInt32(bitPattern: Int32(newValue)) }
    }

    /// Makes the program make its call again.
    ///
    /// Both instructions are two bytes; the page for sysenter has an `int 0x80` where the first would return to.
    package func repeatCall() {
      frame.eax = frame.errorCode
      frame.eip &-= 2
      fields.isChanged = true
    }

    /// All registers.
    public var registers: ProgramRegisters {
      get {
        var r = ProgramRegisters()
        (r.ax, r.bx, r.cx, r.dx) = (
          UInt64(frame.eax), UInt64(frame.ebx), UInt64(frame.ecx), UInt64(frame.edx)
        )
        (r.si, r.di, r.bp) = (UInt64(frame.esi), UInt64(frame.edi), UInt64(frame.ebp))
        (r.sp, r.ip, r.flags) = (UInt64(frame.espOfOuterRing), UInt64(frame.eip), UInt64(frame.eflags))
        (r.cs, r.ss) = (UInt16(truncatingIfNeeded: frame.cs), UInt16(truncatingIfNeeded: frame.ssOfOuterRing))
        (r.ds, r.es) = (UInt16(truncatingIfNeeded: frame.ds), UInt16(truncatingIfNeeded: frame.es))
        (r.fs, r.gs) = (UInt16(truncatingIfNeeded: frame.fs), UInt16(truncatingIfNeeded: frame.gs))
        return r
      }
      nonmutating set {
        let r = newValue
        (frame.eax, frame.ebx) = (UInt32(truncatingIfNeeded: r.ax), UInt32(truncatingIfNeeded: r.bx))
        (frame.ecx, frame.edx) = (UInt32(truncatingIfNeeded: r.cx), UInt32(truncatingIfNeeded: r.dx))
        (frame.esi, frame.edi) = (UInt32(truncatingIfNeeded: r.si), UInt32(truncatingIfNeeded: r.di))
        (frame.ebp, frame.espOfOuterRing) = (
          UInt32(truncatingIfNeeded: r.bp), UInt32(truncatingIfNeeded: r.sp)
        )
        (frame.eip, frame.eflags) = (UInt32(truncatingIfNeeded: r.ip), UInt32(truncatingIfNeeded: r.flags))
        frame.ssOfOuterRing = UInt32(Selectors32.userData)
        frame.ds = UInt32(allowed(r.ds))
        frame.es = UInt32(allowed(r.es))
        frame.fs = UInt32(allowed(r.fs))
        frame.gs = UInt32(allowed(r.gs))
      }
    }

    /// A selector if the thread may load it, else 0: the return to the program must not fault.
    package func allowed(_ selector: UInt16) -> UInt16 {
      if selector == Selectors32.userData || selector == Selectors32.userCode { return selector }
      let index = Int(selector >> 3) - Int(Selectors32.firstArea >> 3)
      guard selector & 7 == 3, index >= 0, index < 3, fields.context.areas[index] != .null else { return 0 }
      return selector
    }

    /// Puts selectors right after the thread's own descriptors have changed.
    public func checkSelectors() {
      (frame.ds, frame.es) = (
        UInt32(allowed(UInt16(truncatingIfNeeded: frame.ds))),
        UInt32(allowed(UInt16(truncatingIfNeeded: frame.es)))
      )
      (frame.fs, frame.gs) = (
        UInt32(allowed(UInt16(truncatingIfNeeded: frame.fs))),
        UInt32(allowed(UInt16(truncatingIfNeeded: frame.gs)))
      )
      frame.ssOfOuterRing = UInt32(Selectors32.userData)
    }
  #else
    /// Where its program is.
    public var programCounter: UInt { UInt(frame.rip) }

    /// What its call answers.
    public var result: Int {
      @inline(__always) get {
        fields.process.fields.abi == .i386
          ? Int(Int32(truncatingIfNeeded: frame.rax)) : Int(bitPattern: UInt(frame.rax))
      }
      nonmutating set { frame.rax = UInt64(UInt(bitPattern: newValue)) }
    }

    /// Makes the program make its call again: both instructions are two bytes.
    package func repeatCall() {
      frame.rax = frame.errorCode
      frame.rip &-= 2
      fields.isChanged = true
    }

    /// All registers.
    public var registers: ProgramRegisters {
      get {
        var r = ProgramRegisters()
        (r.ax, r.bx, r.cx, r.dx) = (frame.rax, frame.rbx, frame.rcx, frame.rdx)
        (r.si, r.di, r.bp, r.sp) = (frame.rsi, frame.rdi, frame.rbp, frame.rsp)
        (r.r8, r.r9, r.r10, r.r11) = (frame.r8, frame.r9, frame.r10, frame.r11)
        (r.r12, r.r13, r.r14, r.r15) = (frame.r12, frame.r13, frame.r14, frame.r15)
        (r.ip, r.flags) = (frame.rip, frame.rflags)
        (r.cs, r.ss) = (UInt16(truncatingIfNeeded: frame.cs), UInt16(truncatingIfNeeded: frame.ss))
        let selectors = Processor.programSelectors
        (r.ds, r.es, r.fs, r.gs) = (selectors.ds, selectors.es, selectors.fs, selectors.gs)
        return r
      }
      nonmutating set {
        let r = newValue
        (frame.rax, frame.rbx, frame.rcx, frame.rdx) = (r.ax, r.bx, r.cx, r.dx)
        (frame.rsi, frame.rdi, frame.rbp, frame.rsp) = (r.si, r.di, r.bp, r.sp)
        (frame.r8, frame.r9, frame.r10, frame.r11) = (r.r8, r.r9, r.r10, r.r11)
        (frame.r12, frame.r13, frame.r14, frame.r15) = (r.r12, r.r13, r.r14, r.r15)
        // An address that is not canonical would fault in the kernel, at the return: it becomes one that faults in
        // the program.
        frame.rip = r.ip < 0x8000_0000_0000 ? r.ip : 0
        frame.rflags = r.flags
        let is32Bit = r.cs == Selectors64.userCode32
        frame.cs = UInt64(is32Bit ? Selectors64.userCode32 : Selectors64.userCode64)
        frame.ss = UInt64(Selectors64.userData)
        // Beyond the segment's limit the return would fault, too.
        if is32Bit { frame.rip &= 0xFFFF_FFFF }
        guard fields.process.fields.abi == .i386 else { return }
        load(allowed(r.ds), allowed(r.es), allowed(r.fs), allowed(r.gs))
      }
    }

    /// A selector if the thread may load it, else 0.
    package func allowed(_ selector: UInt16) -> UInt16 {
      if selector == Selectors64.userData { return selector }
      let index = Int(selector >> 3) - Int(Selectors64.firstArea >> 3)
      guard selector & 7 == 3, index >= 0, index < 3, fields.context.areas[index] != .null else { return 0 }
      return selector
    }

    /// Puts selectors right after the thread's own descriptors have changed.
    public func checkSelectors() {
      let now = Processor.programSelectors
      load(allowed(now.ds), allowed(now.es), allowed(now.fs), allowed(now.gs))
      frame.ss = UInt64(Selectors64.userData)
    }

    /// Gives the thread, which runs, selectors that it may load; its descriptors may have changed.
    private func load(_ ds: UInt16, _ es: UInt16, _ fs: UInt16, _ gs: UInt16) {
      (fields.context.ds, fields.context.es) = (ds, es)
      (fields.context.fs, fields.context.gs) = (fs, gs)
      Processor.reloadProgram()
    }
  #endif
}
