/// A placeholder.
public func placeholder(_ x: UInt32) -> Int { x.leadingZeroBitCount }
