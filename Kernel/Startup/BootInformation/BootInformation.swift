/// What the boot loader handed over, checked and copied.
///
/// The loader's structures lie in memory that nobody owns yet and were written by a program that nobody here
/// wrote. They are decoded once, early, through `PhysicalMemoryReader`, into a value of fixed size that cannot
/// be wrong: texts are copied, ranges are sorted and disjoint, modules lie in memory and apart from each other.
/// The memory itself may be reused afterwards.
///
/// What is normalised, because correct machines do it:
/// - ranges of the map unsorted, empty, touching or overlapping (the stronger kind wins, see `MemoryKind`);
/// - types of ranges and tags that are unknown (reserved; skipped), Multiboot 1 flags that are unknown (ignored);
/// - an absent map when the sizes of lower and upper memory are there (two usable ranges);
/// - modules of no length, and loaders that pass no name, command line, modules or framebuffer.
///
/// Everything else is refused with a `BootInformationError`. The work is bounded: at most 1 MiB of tags is
/// walked, and tags that are not understood are skipped without being read.

import Base

/// Which of the two protocols the loader spoke.
public enum BootProtocol: UInt8, BitwiseCopyable, Hashable, Sendable {
  /// Multiboot Specification 0.6.96; `qemu -kernel` and GRUB's `multiboot`.
  case multiboot1 = 1
  /// Multiboot Specification 2.0; GRUB's `multiboot2`.
  case multiboot2 = 2
  /// None: another program placed the kernel and wrote a boot structure.
  case placed = 3

  /// The protocol that a loader announces with a number in `eax`.
  public init?(magic: UInt32) {
    switch magic {
    case 0x2BAD_B002: self = .multiboot1
    case 0x36D7_6289: self = .multiboot2
    default: return nil
    }
  }
}

/// The checked information.
///
/// About 8 KiB: keep one, in static memory or low on the start-up stack.
public struct BootInformation: ~Copyable {
  /// The most modules that are kept.
  public static var moduleCapacity: Int { 16 }
  /// The most bytes that a command line may have.
  public static var commandLineCapacity: Int { 2048 }
  /// The most bytes that a loader's name or a module's text may have.
  static var textCapacity: Int { 512 }

  /// Which protocol the loader spoke.
  public internal(set) var bootProtocol = BootProtocol.multiboot1
  /// Physical memory, sorted and disjoint.
  ///
  /// The kernel inserts its own claims into it.
  public var memoryMap = MemoryMap()
  /// The screen, if the loader described one.
  public internal(set) var framebuffer: Framebuffer?
  /// The loader's copy of the ACPI root pointer; Multiboot 1 has none.
  public internal(set) var rootPointer: RootPointerCopy?
  /// The bytes that the loader's own structures occupy, apart from texts.
  public internal(set) var informationRange = MemoryRange(start: 0, end: 0, kind: .bootData)
  /// How many modules there are.
  public internal(set) var moduleCount = 0

  var modules: [16 of BootModule] = .init(
    repeating: BootModule(start: PhysicalAddress(0), end: PhysicalAddress(0), text: .empty))
  var texts = BootTextStore()
  var commandLineText = BootText.empty
  var loaderNameText = BootText.empty

  /// Nothing yet: no memory, no modules, no texts.
  public init() {}

  /// Decodes what a loader left.
  ///
  /// - Parameters:
  ///   - magic: `eax` at the kernel's entry.
  ///   - address: `ebx` at the kernel's entry, the physical address of the information.
  ///   - memory: physical memory as the kernel can read it now.
  public init<Memory: PhysicalMemoryReader>(
    magic: UInt32, address: PhysicalAddress, memory: Memory
  ) throws(BootInformationError) {
    guard let announced = BootProtocol(magic: magic) else { throw .init(.unknownMagic, UInt64(magic)) }
    bootProtocol = announced
    guard address.rawValue != 0, address.rawValue <= UInt64(UInt32.max) else {
      throw .init(.badAddress, address.rawValue)
    }
    switch announced {
    case .multiboot1: try decodeMultiboot1(at: address.rawValue, memory: memory)
    case .multiboot2: try decodeMultiboot2(at: address.rawValue, memory: memory)
    case .placed: throw .init(.unknownMagic, UInt64(magic))
    }
    guard memoryMap.bytes(of: .usable) > 0 else { throw .init(.noUsableMemory, UInt64(memoryMap.count)) }
    try checkModules()
  }

  /// A module by its position in the loader's list; a position past the end traps.
  public func module(at index: Int) -> BootModule {
    precondition(index >= 0 && index < moduleCount, "no such boot module")
    return modules[index]
  }

  /// The bytes of a text of this information.
  @_lifetime(borrow self)
  public func bytes(of text: BootText) -> Span<UInt8> {
    texts.bytes.span.extracting(Int(text.offset)..<Int(text.offset) + text.count)
  }

  /// The kernel's command line; empty if the loader passed none.
  @_lifetime(borrow self)
  public func commandLine() -> Span<UInt8> {
    texts.bytes.span.extracting(
      Int(commandLineText.offset)..<Int(commandLineText.offset) + commandLineText.count)
  }

  /// What the boot loader calls itself; empty if it does not say.
  @_lifetime(borrow self)
  public func loaderName() -> Span<UInt8> {
    texts.bytes.span.extracting(
      Int(loaderNameText.offset)..<Int(loaderNameText.offset) + loaderNameText.count)
  }

  /// Claims the loader's structures and the modules as boot data in the memory map, so that they are not
  /// handed out.
  ///
  /// The kernel's own image is for the kernel to claim.
  @export(interface)
  public mutating func claimBootData() throws(BootInformationError) {
    try memoryMap.insert(informationRange)
    for index in 0..<moduleCount where modules[index].byteCount > 0 {
      try memoryMap.insert(
        MemoryRange(start: modules[index].start.rawValue, end: modules[index].end.rawValue, kind: .bootData))
    }
  }

  // MARK: - What both protocols share

  mutating func appendModule(start: UInt32, end: UInt32, text: BootText) throws(BootInformationError) {
    guard moduleCount < Self.moduleCapacity else { throw .init(.tooManyModules, UInt64(moduleCount) + 1) }
    guard start <= end else { throw .init(.moduleEndsBeforeStart, UInt64(start)) }
    modules[moduleCount] = BootModule(
      start: PhysicalAddress(UInt64(start)), end: PhysicalAddress(UInt64(end)), text: text)
    moduleCount += 1
  }

  mutating func claim(base: UInt64, length: UInt64, kind: MemoryKind) throws(BootInformationError) {
    guard let range = MemoryRange(base: base, length: length, kind: kind) else {
      throw .init(.rangeOutsideAddressSpace, base)
    }
    try memoryMap.insert(range)
  }

  /// The map of a loader that knows only two sizes (Multiboot Specification 0.6.96, 3.3): memory from 0, at
  /// most 640 KiB of it, and memory from 1 MiB up to the first hole.
  mutating func claimMemory(lowerKiB: UInt32, upperKiB: UInt32) throws(BootInformationError) {
    try claim(base: 0, length: min(UInt64(lowerKiB), 640) << 10, kind: .usable)
    try claim(base: 1 << 20, length: UInt64(upperKiB) << 10, kind: .usable)
  }

  private func checkModules() throws(BootInformationError) {
    for index in 0..<moduleCount where modules[index].byteCount > 0 {
      let module = modules[index]
      let start = module.start.rawValue
      let end = module.end.rawValue
      for other in 0..<index where modules[other].byteCount > 0 {
        guard end <= modules[other].start.rawValue || modules[other].end.rawValue <= start else {
          throw .init(.modulesOverlap, start)
        }
      }
      guard end <= informationRange.start || informationRange.end <= start else {
        throw .init(.moduleOverlapsInformation, start)
      }
      guard memoryMap.covers(start, end, kind: .usable) else { throw .init(.moduleOutsideMemory, start) }
    }
  }
}

/// Reads an integer that belongs to the information, or refuses with its address.
func loadInformation<Memory: PhysicalMemoryReader, Value: FixedWidthInteger & UnsignedInteger>(
  _ address: UInt64, as type: Value.Type = Value.self, memory: Memory
) throws(BootInformationError) -> Value {
  guard let value = memory.load(at: PhysicalAddress(address), as: type) else {
    throw .init(.unreadable, address)
  }
  return value
}
