/// Why a file is not run.

/// What is wrong with an executable, and where.
public struct ExecutableError: Error, BitwiseCopyable, Equatable, Sendable {
  /// What is wrong; the sentence names the field.
  public var reason: Reason
  /// The program header that has it, counted from 0; -1 for the file's header.
  public var header: Int
  /// What stands there.
  public var value: UInt64

  /// Makes an error of its parts.
  @inlinable
  public init(_ reason: Reason, header: Int = -1, value: UInt64 = 0) {
    (self.reason, self.header, self.value) = (reason, header, value)
  }

  /// The field that can't be as it is.
  public enum Reason: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    case tooShort, magic, fileClass, byteOrder, identificationVersion, systemInterface, type, machine, version
    case headerSize, programHeaderSize, programHeaderCount, programHeaderOffset
    case interpreter, fileSize, segmentOffset, segmentAddress, alignment, offsetAgainstAddress, writableText
    case segmentOrder, tooManySegments, noSegment, entry, programHeadersAddress
  }
}

extension ExecutableError.Reason {
  /// The reason in words, the field's name first.
  public var sentence: StaticString {
    switch self {
    case .tooShort: "the file ends inside its header"
    case .magic: "e_ident: the file does not begin as ELF does"
    case .fileClass: "EI_CLASS: neither of the classes that this kernel runs"
    case .byteOrder: "EI_DATA: not little-endian"
    case .identificationVersion: "EI_VERSION: not 1"
    case .systemInterface: "EI_OSABI: neither System V nor Linux"
    case .type: "e_type: not an executable file"
    case .machine: "e_machine: code for another processor"
    case .version: "e_version: not 1"
    case .headerSize: "e_ehsize: not the size of the header"
    case .programHeaderSize: "e_phentsize: not the size of a program header"
    case .programHeaderCount: "e_phnum: none, or more than 64"
    case .programHeaderOffset: "e_phoff: the program headers reach past the end of the file"
    case .interpreter: "PT_INTERP: the program is not linked statically"
    case .fileSize: "p_filesz: more than p_memsz"
    case .segmentOffset: "p_offset: the segment reaches past the end of the file"
    case .segmentAddress: "p_vaddr: the segment reaches out of the addresses of programs"
    case .alignment: "p_align: not a power of two"
    case .offsetAgainstAddress: "p_offset: not at the same place in a page as p_vaddr"
    case .writableText: "p_flags: writable and executable"
    case .segmentOrder: "p_vaddr: not in a page above the segment before"
    case .tooManySegments: "PT_LOAD: more than 16"
    case .noSegment: "PT_LOAD: none"
    case .entry: "e_entry: not in an executable segment"
    case .programHeadersAddress: "PT_PHDR: not where a segment has the program headers"
    }
  }
}
