/// The guests that the boot loader brought.

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
import Scheduling
import ShadowPaging
import Start

/// Starts guests and tells of their ends.
public enum GuestHost {
  /// Starts a thread for each guest that the boot modules describe; returns how many there are.
  @export(interface)
  public static func startGuests() -> Int {
    let reference = NodeReference()
    var count = 0
    for index in 0..<reference.node.boot.moduleCount {
      do {
        guard let description = try BootModules.description(at: index), description.kind == .kernel else {
          continue
        }
        _ = try? Threads.create(
          ThreadName("guest"), level: PriorityLevel(truncating: 8), argument: UInt(index), isDetached: true
        ) { index in
          GuestHost.run(module: Int(index))
          return 0
        }
        count += 1
      } catch {
        log(.error, "guest", "module \(index): \(error.reason.sentence) \(error.value)")
      }
    }
    return count
  }

  /// Runs one guest from its start to its end.
  static func run(module index: Int) {
    do throws(GuestStartError) {
      let hosted = try unsafe makeGuest(module: index)
      let alarm: GuestAlarm
      do { alarm = try GuestAlarm(level: PriorityLevel(truncating: 9)) } catch {
        unsafe discard(hosted)
        throw error
      }
      let end = unsafe hosted.pointee.run(alarm)
      alarm.release()
      unsafe report(end, of: &hosted.pointee)
      unsafe discard(hosted)
    } catch {
      switch error {
      case .image(let error): log(.error, "guest", "\(error.reason.sentence) \(error.value)")
      case .memory: log(.error, "guest", "no memory for a guest of module \(index)")
      case .floatingPoint: log(.error, "guest", "the processor cannot save a guest's floating-point state")
      }
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
    module index: Int
  ) throws(GuestStartError) -> UnsafeMutablePointer<HostedGuest> {
    let address = KernelHeap.allocate(MemoryLayout<HostedGuest>.size, alignment: 64)
    guard let place = unsafe UnsafeMutablePointer<HostedGuest>(bitPattern: address.rawValue) else {
      throw .memory
    }
    do throws(GuestStartError) {
      let description: GuestDescription?
      do { description = try BootModules.description(at: index) } catch { throw GuestStartError.image(error) }
      guard let description else { throw GuestStartError.memory }
      // SAFETY: the heap has just given this memory, and a guest is aligned as it is.
      unsafe place.initialize(
        to: try HostedGuest(megabytes: description.megabytes, slot: 0, number: 0))
      do throws(GuestStartError) {
        try unsafe place.pointee.load(module: index, description)
        do { try Threads.resetFloatingPoint(of: Threads.current) } catch {
          throw GuestStartError.floatingPoint
        }
      } catch {
        unsafe place.pointee.release()
        unsafe place.deinitialize(count: 1)
        throw error
      }
      return unsafe place
    } catch {
      KernelHeap.free(address)
      throw error
    }
  }

  /// Says on the log how a guest ended.
  private static func report(_ end: GuestEnd, of hosted: inout HostedGuest) {
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
      log(
        .error, "guest",
        "killed: \(mistake.kind.sentence) \(hexadecimal: mistake.value), at \(hexadecimal: hosted.guest.registers.eip)"
      )
    }
  }
}

/// Why a guest could not be started.
enum GuestStartError: Error, BitwiseCopyable {
  case image(GuestImageError)
  case memory
  case floatingPoint
}
