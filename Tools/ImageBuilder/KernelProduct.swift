/// A bare-metal product of the package: a static library that the tools link into a kernel image.
public enum KernelProduct: String, CaseIterable, Hashable, Sendable {
  /// The kernel itself.
  case kernel = "Kernel"
  /// The tiny kernels of the emulator tests; `test=NAME` on the command line chooses one.
  case testKernel = "TestKernel"
  /// The benchmarks; `bench=NAME` on the command line chooses.
  case benchKernel = "BenchKernel"
  /// A guest kernel of our own, which the kernel of i686 hosts; `run=` on its command line chooses.
  case guestKernel = "GuestKernel"

  /// Whether a boot loader can start it.
  public var isBootable: Bool { self != .guestKernel }

  /// All names, for a message about a wrong one.
  public static var allowedNames: String {
    allCases.filter(\.isBootable).map(\.rawValue).joined(separator: ", ")
  }
}
