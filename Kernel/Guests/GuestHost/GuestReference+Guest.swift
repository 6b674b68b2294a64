/// From a record to the guest itself.

import GuestRecords

extension GuestReference {
  /// Where the guest itself lies, while it lives: the record alone does not know what a guest is.
  var hosted: UnsafeMutablePointer<HostedGuest>? {
    get { unsafe UnsafeMutablePointer<HostedGuest>(bitPattern: fields.hosted) }
    nonmutating set { fields.hosted = UInt(bitPattern: newValue) }
  }
}
