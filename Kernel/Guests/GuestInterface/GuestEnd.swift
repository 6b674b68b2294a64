/// Why a guest runs no more.

/// The end of a guest.
public enum GuestEnd: BitwiseCopyable, Hashable, Sendable {
  /// It asked for it; the message is at this guest-physical address, unchecked.
  case powerOff(message: UInt32)
  /// It asked to be started anew; the address may be none of the guest's, then there is no message.
  case restart(message: UInt32)
  /// It did what no guest may do.
  case killed(GuestMistake)
}

/// What a guest did that ended it.
public struct GuestMistake: Error, BitwiseCopyable, Hashable, Sendable {
  /// What was wrong.
  public enum Kind: UInt8, BitwiseCopyable, Hashable, Sendable, CaseIterable {
    case unknownCall
    case callBeforeInitialisation
    case initialisedTwice
    case badAddress
    case badSystemCallVector
    case badKernelAddress
    case badShutdownReason
    case badVector
    case badGate
    case badStackSegment
    case badStackPageCount
    case stackNotMapped
    case badSegmentIndex
    case badRootEntryIndex
    case badRoot
    case badRootEntryFlags
    case largePage
    case frameOutOfRange
    case switcherTouched
    case noGateForTrap
    case frameNotWritable
    case outOfTables
    case segmentLoad
    case unexpectedVector
    case ringOverrun
    case badDescriptor
    case descriptorLoop
    case badBuffer
    case badBufferOrder
    case requestTooLong
    case badDiskRequest
    case badBalloonPage
    case balloonListTooLong
    case textTooLong
  }

  /// What was wrong.
  public var kind: Kind
  /// The value that was wrong: an argument, an address or a vector.
  public var value: UInt32
  /// The call's number, or `nil` if no call was under way.
  public var call: UInt32?

  /// A mistake of its parts.
  public init(_ kind: Kind, _ value: UInt32, call: UInt32? = nil) {
    self.kind = kind
    self.value = value
    self.call = call
  }
}

extension GuestMistake.Kind {
  /// What was wrong, in words that go before the value.
  public var sentence: StaticString {
    switch self {
    case .unknownCall: "there is no hypercall"
    case .callBeforeInitialisation: "the first hypercall must be LGUEST_INIT, not"
    case .initialisedTwice: "LGUEST_INIT came a second time, with"
    case .badAddress: "the guest has no memory at guest-physical"
    case .badSystemCallVector: "the system call vector must be 0x80, not"
    case .badKernelAddress: "the guest's kernel may begin at 0xC0000000 at most, not at"
    case .badShutdownReason: "the reason of a shutdown is 1 or 2, not"
    case .badVector: "there is no vector"
    case .badGate: "only interrupt and trap gates of 32 bits may be loaded, not"
    case .badStackSegment: "the stack segment must be of ring 1, not"
    case .badStackPageCount: "a stack has one or two pages, not"
    case .stackNotMapped: "the kernel's stack is not mapped writable at"
    case .badSegmentIndex: "the descriptor table has entries 0 to 31, not"
    case .badRootEntryIndex: "a root has entries 0 to 1023, not"
    case .badRoot: "there is no page table at guest-physical"
    case .badRootEntryFlags: "an entry of a root has flags that no guest may set:"
    case .largePage: "large pages are not for guests; entry"
    case .frameOutOfRange: "an entry names memory that is not the guest's:"
    case .switcherTouched: "the top 4 MiB belong to the host; address"
    case .noGateForTrap: "the guest has no gate for trap"
    case .frameNotWritable: "a trap's frame cannot be written at"
    case .outOfTables: "no frame is left for the shadow tables of address"
    case .segmentLoad: "a segment register or descriptor of the guest cannot be loaded; error code"
    case .unexpectedVector: "no guest can cause vector"
    case .ringOverrun: "a device's ring has 64 entries, and more are said to wait; count"
    case .badDescriptor: "a device's ring has descriptors 0 to 63, none of them indirect, not"
    case .descriptorLoop: "the descriptors of a device's ring go in a circle from"
    case .badBuffer: "a buffer for a device lies outside the guest's memory, at"
    case .badBufferOrder: "a buffer that a device reads comes behind one that it writes, at"
    case .requestTooLong: "a request to a device has at most 1 MiB; a buffer of bytes:"
    case .badDiskRequest: "a request to a disk has a header of 16 bytes and room for a status; bytes:"
    case .badBalloonPage: "the guest gives up or takes back a page that it does not have:"
    case .textTooLong: "a request to the terminal has 32,768 bytes at most; bytes:"
    case .balloonListTooLong: "a request to the balloon names 256 pages at most; bytes:"
    }
  }
}
