/// A bare-metal product of the package: a static library that the tools link into a kernel image.
public enum KernelProduct: String, CaseIterable, Hashable, Sendable {
  /// The kernel itself.
  case kernel = "Kernel"
  /// The tiny kernels of the emulator tests; `test=NAME` on the command line chooses one.
  case testKernel = "TestKernel"
  /// The benchmarks; `bench=NAME` on the command line chooses.
  case benchKernel = "BenchKernel"

  /// All names, for a message about a wrong one.
  public static var allowedNames: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
