/// The guests that the boot loader brought.

import ABI
import Arch
import Base
import BootInformation
import CMachine
import FrameAllocator
import GuestImage
import GuestInterface
import Hypervisor
import Log
import Paging
import Runtime
import Scheduling
import ShadowPaging

/// Starts guests and tells of their ends.
public enum GuestHost {
  /// Starts the guests that the boot modules describe; the run ends when the last of them has ended.
  ///
  /// Returns whether there are any.
  @export(interface)
  public static func start() -> Bool {
    let reference = NodeReference()
    var hasGuests = false
    for index in 0..<reference.node.boot.moduleCount where isGuest(index) { hasGuests = true }
    guard hasGuests else { return false }
    do {
      try Threads.create(ThreadName("guests"), level: PriorityLevel(truncating: 10), isDetached: true) { _ in
        let failures = GuestHost.runAll()
        endRun(failures == 0 ? .passed : .failed, status: failures == 0 ? 0 : 1)
      }
      return true
    } catch {
      log(.error, "guest", "no memory for the thread of the guests")
      endRun(.failed, status: 1)
    }
  }

  /// Whether a module is a guest's kernel; a wrong description counts as one, and is reported when it is started.
  private static func isGuest(_ index: Int) -> Bool {
    do { return try BootModules.description(at: index)?.kind == .kernel } catch { return true }
  }

  /// Runs all guests, each as a thread; returns how many did not end by themselves.
  private static func runAll() -> UInt {
    guard let crowd = GuestCrowd() else { return 1 }
    var threads: InlineArray<16, ThreadReference?> = .init(repeating: nil)
    var failures: UInt = 0
    for index in 0..<min(threads.count, NodeReference().node.boot.moduleCount) where isGuest(index) {
      threads[index] = try? Threads.create(
        ThreadName("guest"), level: PriorityLevel(truncating: 8), argument: crowd.argument(module: index)
      ) { GuestSeries.run(GuestCrowd.Member(argument: $0)) ? 0 : 1 }
      if threads[index] == nil { failures += 1 }
    }
    for index in 0..<threads.count {
      guard let thread = threads[index] else { continue }
      failures += (try? Threads.join(thread).code) ?? 1
    }
    crowd.release()
    return failures
  }

  /// Runs a guest from one start to its end; returns how it ended, or `nil` if it could not be started.
  static func run(module index: Int, _ start: GuestStart, counts: inout GuestCounts) -> GuestEnd? {
    do throws(GuestStartError) {
      let hosted = try unsafe makeGuest(module: index, start)
      let alarm: GuestAlarm
      do { alarm = try GuestAlarm(level: PriorityLevel(truncating: 9)) } catch {
        unsafe discard(hosted)
        throw error
      }
      let end = unsafe hosted.pointee.run(alarm)
      alarm.release()
      unsafe report(end, of: &hosted.pointee, module: index)
      unsafe counts.add(&hosted.pointee)
      unsafe discard(hosted)
      return end
    } catch {
      switch error {
      case .image(let error): log(.error, "guest", "\(error.reason.sentence) \(error.value)")
      case .memory: log(.error, "guest", "no memory for a guest of module \(index)")
      case .floatingPoint: log(.error, "guest", "the processor cannot save a guest's floating-point state")
      }
      return nil
    }
  }

  /// Gives back all of a guest.
  private static func discard(_ hosted: UnsafeMutablePointer<HostedGuest>) {
    // SAFETY: the guest was initialised by `makeGuest`, and its thread alone knows it.
    unsafe hosted.pointee.release()
    unsafe hosted.deinitialize(count: 1)
    KernelHeap.free(VirtualAddress(UInt(bitPattern: hosted)))
  }

  /// Makes a guest of a boot module and of the one behind it, if that is its ramdisk.
  private static func makeGuest(
    module index: Int, _ start: GuestStart
  ) throws(GuestStartError) -> UnsafeMutablePointer<HostedGuest> {
    guard
      let address = Processor.withoutInterrupts({
        KernelHeap.tryAllocate(HostedGuest.byteCount, alignment: 64)
      }), let place = unsafe UnsafeMutableRawPointer(bitPattern: address.rawValue)
    else { throw .memory }
    let hosted: UnsafeMutablePointer<HostedGuest>
    do throws(GuestStartError) {
      // SAFETY: the heap has just given this memory.
      unsafe hosted = try HostedGuest.make(
        at: place, megabytes: start.description.megabytes, slot: index, number: UInt32(index))
    } catch {
      KernelHeap.free(address)
      throw error
    }
    do throws(GuestStartError) {
      try unsafe hosted.pointee.load(module: index, start)
      do { try Threads.resetFloatingPoint(of: Threads.current) } catch { throw .floatingPoint }
    } catch {
      unsafe discard(hosted)
      throw error
    }
    return unsafe hosted
  }

  /// Says on the log how a guest ended.
  private static func report(_ end: GuestEnd, of hosted: inout HostedGuest, module index: Int) {
    switch end {
    case .powerOff(let message), .restart(let message):
      var text = Text()
      text.append("ended: ")
      for offset: UInt32 in 0..<128 {
        guard hosted.memory.contains(message &+ offset, byteCount: 1) else { break }
        let byte = hosted.memory.load8(message &+ offset)
        if byte == 0 { break }
        text.append(printable: byte)
      }
      log(.info, "guest", text)
    case .killed(let mistake):
      let place = hosted.guest.registers.eip
      var text: Text = "killed: \(mistake.kind.sentence) \(hexadecimal: mistake.value)"
      if let call = mistake.call {
        text.append(", by call ")
        text.append(decimal: UInt64(call))
        if let number = HypercallNumber(rawValue: call) {
          text.append(" ")
          text.append(number.name)
        }
      }
      text.append(", at ")
      text.append(hexadecimal: UInt64(place))
      BootModules.appendSymbol(of: place, module: index, to: &text)
      log(.error, "guest", text)
    }
  }
}

/// Why a guest could not be started.
enum GuestStartError: Error, BitwiseCopyable {
  case image(GuestImageError)
  case memory
  case floatingPoint
}
