import Log

/// The ramdisk.
public enum Ramdisk {
  /// Lists.
  public static func list() {}
}
