import GuestImage

/// Why a guest could not be started.
package enum GuestStartError: Error, BitwiseCopyable {
  case image(GuestImageError)
  case memory
  case floatingPoint
}
