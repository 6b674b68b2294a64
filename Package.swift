// swift-tools-version: 6.2
// One package for the kernel, its tests and the host tools.
//
// A plain `swift build` or `swift test` sees only what runs on the host: the kernel's logic modules, the tools
// and the tests. The bare-metal modules and the kernel images are declared when KERNEL_ARCH names an
// architecture; Tools/ImageBuilder sets it, together with the target triple and a toolset of Tools/Toolsets.

import PackageDescription

// MARK: - Settings

/// Kernel code states every unsafe step; a warning about memory safety is an error.
let kernelSettings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatWarning("StrictMemorySafety", as: .error),
  .enableExperimentalFeature("Lifetimes"),
]

// MARK: - Kernel logic: compiles for the host and for the bare machine

/// A module of the kernel that touches no hardware.
///
/// - Parameter isHeavy: whether tests run so much of it that it is optimised in debug builds for the host too.
func logic(_ name: String, _ dependencies: [Target.Dependency] = [], isHeavy: Bool = false) -> Target {
  let isOptimised = isHeavy && Context.environment["KERNEL_ARCH"] == nil
  return .target(
    name: name, dependencies: dependencies, path: "Kernel/\(name)",
    swiftSettings: kernelSettings + (isOptimised ? [.unsafeFlags(["-O"])] : []))
}

let logicModules: [Target] = [
  logic("Base"),
  logic("ABI"),
  logic("X86"),
  logic("Log", ["Base"]),
  logic("FrameAllocator", ["Base"]),
  logic("Paging", ["Base"]),
  logic("Core", ["Base", "Log"]),
  logic("BootInformation", ["Base"]),
  logic("CommandLine", ["Log"]),
  logic("ACPI", ["Base"]),
  logic("Archive"),
  logic("Checksum", isHeavy: true),
  logic("Scheduling", ["Base", "Trace"]),
  logic("Sync", ["Scheduling", "Trace"]),
  .target(name: "CTicks", path: "Kernel/Ticks"),
  logic("Trace", ["CTicks"]),
  logic("FloatingPoint"),
  logic("Heap", ["Base"]),
  logic("FileSystemFormat", ["Checksum"]),
  logic("FileSystem", ["FileSystemFormat"]),
  logic("FileSystemCheck", ["FileSystemFormat"]),
  logic("LinuxABI"),
  logic("Streams", ["LinuxABI"]),
  logic("SystemCalls"),
  logic("Processes"),
  logic("Signals", ["LinuxABI"]),
  logic("Futex"),
  logic("CallProfile"),
  logic("Clocks"),
  logic("Randomness"),
  logic("ArchiveLoading", ["Archive", "FileSystem", "FileSystemFormat"]),
  logic("ProcessText", ["LinuxABI", "VirtualFileSystem"]),
  logic("VirtualFileSystem", ["FileSystem", "FileSystemFormat", "LinuxABI", "Randomness", "Streams"]),
  logic("Window"),
  logic("Partition", ["Base", "Checksum"]),
  logic("Messaging", ["Base", "Window"]),
  logic("NodeLife"),
  logic("NodeTable", ["Messaging", "RCCE", "Window"]),
  logic("Transport", ["Checksum", "Messaging"], isHeavy: true),
  logic("NodeSync", ["Window"]),
  logic("RCCE", ["NodeSync", "Window"]),
  logic("Inspection", ["Log", "Scheduling", "Trace"]),
  logic("Executable", ["Base"]),
  logic("ProgramStack"),
  logic("Regions", ["Base"]),
  logic("AddressSpace", ["Base", "Paging", "Regions"]),
  logic("GuestInterface", ["Base", "X86"]),
  logic("GuestImage", ["GuestInterface"]),
  logic("ShadowPaging", ["Base", "GuestInterface", "Paging"]),
  logic("Hypervisor", ["Base", "GuestInterface", "Paging", "ShadowPaging", "X86"]),
  logic("Virtio", ["GuestInterface"]),
]

// MARK: - Bare metal: declared for one architecture at a time

let architecture = Context.environment["KERNEL_ARCH"]

var products: [Product] = []
var dependencies: [Package.Dependency] = []
var targets = logicModules

if let architecture {
  /// A module that touches hardware, or composes modules that do.
  func bareMetal(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency], sources: [String]? = nil,
    exclude: [String] = []
  ) -> Target {
    .target(
      name: name, dependencies: dependencies, path: path ?? "Kernel/\(name)", exclude: exclude,
      sources: sources,
      swiftSettings: kernelSettings + [.enableExperimentalFeature("AddressableTypes")])
  }

  let architectureFolder = architecture == "i686" ? "I686" : "X86_64"
  targets += [
    .target(name: "CMachine", path: "Kernel/Machine"),
    bareMetal(
      "Arch", ["ABI", "Base", "CMachine", "Core", "FloatingPoint", "Log", "X86"],
      sources: ["X86", architectureFolder],
      exclude: [
        "\(architectureFolder)/Interrupts.asm", "\(architectureFolder)/ContextSwitch.asm",
        "\(architectureFolder)/SystemCalls.asm", "\(architectureFolder)/UserCopy.asm",
      ] + (architecture == "i686" ? ["X86_64", "I686/WorldSwitch.asm"] : ["I686"])),
    bareMetal("Interrupts", ["ACPI", "Arch", "Base", "BootInformation", "CMachine", "X86"]),
    bareMetal(
      "Runtime",
      [
        "ABI", "Arch", "Base", "BootInformation", "CMachine", "CommandLine", "Core", "FloatingPoint",
        "FrameAllocator", "Heap", "Interrupts", "Log", "Paging", "Partition", "Scheduling", "Sync", "Trace",
        "X86",
      ]),
    bareMetal(
      "Start",
      [
        "ABI", "ACPI", "Arch", "Archive", "Base", "BootInformation", "Checksum", "CMachine", "CommandLine",
        "Core", "FloatingPoint", "FrameAllocator", "Heap", "Inspection", "Interrupts", "Log", "Paging",
        "Partition", "Runtime", "Scheduling", "Sync", "Trace", "X86",
      ]),
    bareMetal(
      "UserMemory",
      [
        "AddressSpace", "Arch", "Base", "CMachine", "FrameAllocator", "Log", "Paging", "Partition", "Regions",
        "Runtime",
        "X86",
      ]),
    bareMetal(
      "Nodes",
      [
        "ABI", "Arch", "Base", "CMachine", "Core", "FrameAllocator", "Log", "Messaging", "NodeLife",
        "NodeSync", "NodeTable", "Paging", "Partition", "RCCE", "Runtime", "Scheduling", "Sync", "Transport",
        "UserMemory", "Window",
      ]),
    bareMetal(
      "Programs",
      [
        "ABI", "AddressSpace", "Arch", "Archive", "Base", "BootInformation", "Clocks", "CMachine",
        "CommandLine",
        "CallProfile", "Core", "Executable", "FileSystem", "FileSystemFormat", "FloatingPoint",
        "FrameAllocator",
        "Futex",
        "Heap", "Interrupts", "LinuxABI",
        "Log", "Mounts", "Paging",
        "Processes", "ProcessText", "ProgramStack", "Randomness", "Regions", "Runtime", "Scheduling",
        "Signals",
        "Sync", "SystemCalls",
        "Trace", "UserMemory", "VirtualFileSystem", "X86",
      ]),
    bareMetal(
      "ProgramCalls",
      [
        "AddressSpace", "Arch", "Base", "Clocks", "CMachine", "CommandLine", "FileSystemFormat",
        "FrameAllocator", "Futex",
        "LinuxABI", "Log",
        "Processes", "Programs", "Randomness", "Regions", "Scheduling", "Signals", "Runtime", "Sync",
        "SystemCalls",
        "Trace",
        "UserMemory", "VirtualFileSystem", "X86",
      ]),
    bareMetal(
      "Mounts",
      [
        "ABI", "Arch", "Archive", "ArchiveLoading", "Base", "BootInformation", "CMachine", "CommandLine",
        "FileSystem", "FileSystemCheck",
        "FileSystemFormat", "FrameAllocator", "LinuxABI", "Log", "Runtime", "VirtualFileSystem",
      ]),
    bareMetal(
      "Image",
      [
        "ABI", "Arch", "Base", "CMachine", "Core", "Log", "Nodes", "ProgramCalls", "Programs", "Runtime",
        "Scheduling", "Start", "X86",
      ] + (architecture == "i686" ? ["GuestHost"] : [])),
  ]
  // Only the kernel of i686 hosts paravirtual guests.
  if architecture == "i686" {
    targets.append(
      bareMetal(
        "GuestHost",
        [
          "ABI", "Arch", "Archive", "Base", "BootInformation", "Clocks", "CMachine", "Core", "FrameAllocator",
          "GuestImage", "GuestInterface", "Hypervisor", "Log", "Paging", "Partition", "Randomness",
          "Runtime", "Scheduling", "ShadowPaging", "Sync", "Virtio", "X86",
        ]))
  }
  // Kernels for tests: the same start-up, then one behaviour that the command line names.
  targets += [
    .target(name: "Provocations", path: "Tests/Kernels/Provocations"),
    bareMetal(
      "Behaviours", path: "Tests/Kernels/Behaviours",
      [
        "ABI", "AddressSpace", "Arch", "Base", "BootInformation", "CMachine", "CommandLine", "Core",
        "FileSystemFormat", "FloatingPoint", "FrameAllocator", "Heap", "Interrupts", "LinuxABI", "Log",
        "Mounts",
        "Paging", "Provocations", "Regions", "Runtime", "Scheduling", "Start", "Sync", "Trace", "UserMemory",
        "VirtualFileSystem", "X86",
      ]),
  ]
  targets.append(
    bareMetal(
      "Benchmarks",
      [
        "ABI", "AddressSpace", "Arch", "Base", "BootInformation", "CMachine", "CommandLine", "FrameAllocator",
        "Log", "Messaging", "Paging", "Regions", "Runtime", "Scheduling", "Start", "Sync", "Trace",
        "UserMemory", "Window", "X86",
      ]))
  // A guest kernel of our own, which the kernel of i686 hosts.
  if architecture == "i686" {
    targets += [
      .target(name: "CGuest", path: "Kernel/Guest/Machine"),
      bareMetal(
        "GuestSupport", path: "Kernel/Guest/Support", ["CGuest", "CMachine", "GuestInterface", "Log", "X86"]),
      bareMetal(
        "GuestProbe", path: "Kernel/Guest/Probe",
        ["CGuest", "CMachine", "GuestInterface", "GuestSupport", "Log"]),
    ]
    products.append(.library(name: "GuestKernel", type: .static, targets: ["GuestProbe"]))
  }
  products += [
    .library(name: "Kernel", type: .static, targets: ["Image"]),
    .library(name: "BenchKernel", type: .static, targets: ["Benchmarks"]),
    .library(name: "TestKernel", type: .static, targets: ["Behaviours"]),
  ]
} else {
  // MARK: - Host tools and tests
  dependencies += [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ]
  let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
  let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
  let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
  let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")

  /// What `apus predict` is made of.
  let predictModules: [Target.Dependency] = [
    "DelayTracer", "Plotting", "PredictFigures", "ProfileImport", "SpeedupModel", "predict-synthetic",
  ]

  // The tools read what the kernel writes with the kernel's own modules (ABI), never with a second copy.
  targets += [
    .target(name: "HostSupport", dependencies: [logging, subprocess], path: "Tools/HostSupport"),
    .target(
      name: "SCC", dependencies: ["Base", "HostSupport", "ImageBuilder", "NodeTable", "Partition", toml],
      path: "Tools/SCC"),
    .target(name: "TraceExport", dependencies: ["ABI", "Trace"], path: "Tools/TraceExport"),
    .target(
      name: "ImageBuilder", dependencies: ["FileSystemFormat", "FileSystemImage", "HostSupport", toml],
      path: "Tools/ImageBuilder"),
    .target(
      name: "FileSystemImage", dependencies: ["FileSystemFormat", "FileSystem", "FileSystemCheck"],
      path: "Tools/FileSystemImage"),
    .target(
      name: "Launch",
      dependencies: ["ABI", "FileSystemImage", "GuestImage", "HostSupport", "ImageBuilder", subprocess],
      path: "Boot/Launch"),
    .target(
      name: "CommandSupport", dependencies: ["HostSupport", "ImageBuilder", argumentParser],
      path: "Tools/CommandSupport"),
    .executableTarget(
      name: "mkimage",
      dependencies: [
        "CommandSupport", "FileSystemImage", "HostSupport", "ImageBuilder", "Launch", "SCC", argumentParser,
      ],
      path: "Tools/mkimage"),
    .target(
      name: "ModelChecker", dependencies: ["Window"], path: "Tools/ModelChecker",
      // It visits hundreds of thousands of states in tests.
      swiftSettings: [.unsafeFlags(["-O"])]),
    .target(
      name: "GuestLab", dependencies: ["HostSupport", "ImageBuilder", "Launch"], path: "Tools/GuestLab"),
    .target(
      name: "Bench", dependencies: ["GuestLab", "HostSupport", "ImageBuilder", "Launch", "Plotting"],
      path: "Tools/Bench",
      // A program of its own, compiled for the systems that it measures.
      exclude: ["Peer"]),
    .executableTarget(
      name: "apus",
      dependencies: [
        "Bench", "CommandSupport", "GuestLab", "HostSupport", "ImageBuilder", "Launch", "SCC", "TraceExport",
        argumentParser,
      ]
        + predictModules,
      path: "Tools/apus"),
  ]
  targets += ["ImageBuilder", "Launch", "Emulator"].map { name in
    .testTarget(
      name: "\(name)Tests",
      dependencies: [
        "ABI", "Bench", "FileSystemFormat", "FileSystemImage", "GuestLab", "HostSupport", "ImageBuilder",
        "Launch",
        "SCC", "SpeedupModel", "Trace", "TraceExport",
      ],
      path: "Tests/\(name)Tests", exclude: name == "Emulator" ? ["Applets"] : [])
  }

  // MARK: - Tests
  func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
      name: "\(name)Tests", dependencies: dependencies + ["SeededRandomness"], path: "Tests/\(name)Tests")
  }
  targets += [
    .target(name: "SeededRandomness", path: "Tests/SeededRandomness"),
    tests("Document", []),
    tests("Base", ["Base"]),
    .testTarget(
      name: "BenchTests",
      dependencies: ["Bench", "HostSupport", "ImageBuilder", "Launch", "Plotting", "apus"],
      path: "Tests/BenchTests", exclude: ["Golden"]),
    tests("ABI", ["ABI"]),
    tests("Log", ["Base", "Log"]),
    tests("FrameAllocator", ["Base", "FrameAllocator"]),
    tests("X86", ["X86"]),
    tests("Core", ["Base", "Core", "Log"]),
    tests("Paging", ["Base", "Paging"]),
    tests("BootInformation", ["Base", "BootInformation"]),
    tests("CommandLine", ["CommandLine", "Log"]),
    tests("ACPI", ["ACPI", "Base"]),
    tests("Archive", ["Archive"]),
    tests("Checksum", ["Checksum"]),
    .target(name: "SchedulingFixture", dependencies: ["Scheduling"], path: "Tests/SchedulingFixture"),
    tests("Scheduling", ["Scheduling", "SchedulingFixture", "Trace"]),
    tests("Sync", ["Scheduling", "SchedulingFixture", "Sync"]),
    tests("Trace", ["Trace"]),
    tests("Heap", ["Base", "Heap"]),
    tests("Executable", ["Base", "Executable"]),
    tests("ProgramStack", ["ProgramStack"]),
    tests("Regions", ["Base", "Regions"]),
    tests("AddressSpace", ["AddressSpace", "Base", "Paging", "Regions"]),
    tests("FloatingPoint", ["FloatingPoint"]),
  ]

  // MARK: - Speedup model
  targets += [
    .target(name: "Plotting", path: "Tools/Plotting"),
    .target(name: "SpeedupModel", path: "Tools/Predict/SpeedupModel"),
    // Optimised in debug builds too: scanning a trace of gigabytes must not depend on how the tool was built.
    .target(
      name: "ProfileImport", dependencies: ["SpeedupModel"], path: "Tools/Predict/ProfileImport",
      swiftSettings: [.unsafeFlags(["-O"])]),
    .target(
      name: "PredictFigures", dependencies: ["SpeedupModel", "Plotting"],
      path: "Tools/Predict/PredictFigures",
      resources: ["gzip", "bzip2", "gcc", "sqlite"].map { .embedInCode("Profiles/\($0).json") }),
    .target(name: "CSeccomp", path: "Tools/Predict/CSeccomp"),
    .target(
      name: "DelayTracer", dependencies: ["SpeedupModel", "CSeccomp"], path: "Tools/Predict/DelayTracer"),
    // Optimised always: its computation must weigh against its calls as a real program's would.
    .executableTarget(
      name: "predict-synthetic", dependencies: ["SpeedupModel", argumentParser],
      path: "Tools/Predict/Synthetic", swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "PlottingTests", dependencies: ["Plotting"], path: "Tests/PlottingTests", exclude: ["Golden"]),
    .testTarget(name: "SpeedupModelTests", dependencies: ["SpeedupModel"], path: "Tests/SpeedupModelTests"),
    .testTarget(
      name: "PredictFiguresTests", dependencies: ["PredictFigures"], path: "Tests/PredictFiguresTests",
      exclude: ["Golden"]),
    .testTarget(
      name: "ProfileImportTests", dependencies: ["ProfileImport"], path: "Tests/ProfileImportTests"),
    .testTarget(
      name: "DelayTracerTests", dependencies: ["DelayTracer", "predict-synthetic"],
      path: "Tests/DelayTracerTests"),
    tests("FileSystem", ["FileSystemFormat", "FileSystem", "FileSystemCheck"]),
    tests("FileSystemImage", ["FileSystemFormat", "FileSystemImage"]),
    tests("LinuxABI", ["LinuxABI"]),
    tests("Streams", ["LinuxABI", "Streams"]),
    tests("SystemCalls", ["SystemCalls"]),
    tests("Processes", ["Processes"]),
    tests("Signals", ["LinuxABI", "Signals"]),
    tests("Futex", ["Futex"]),
    tests("CallProfile", ["CallProfile"]),
    tests("Clocks", ["Clocks"]),
    tests("Randomness", ["Randomness"]),
    tests("ArchiveLoading", ["Archive", "ArchiveLoading", "FileSystem", "FileSystemFormat"]),
    tests("ProcessText", ["FileSystem", "FileSystemFormat", "LinuxABI", "ProcessText", "VirtualFileSystem"]),
    tests("VirtualFileSystem", ["FileSystem", "FileSystemFormat", "LinuxABI", "VirtualFileSystem"]),
    tests("Partition", ["Base", "Paging", "Partition"]),
    tests("Transport", ["Messaging", "ModelChecker", "Transport"]),
    tests("SCC", ["Base", "HostSupport", "ImageBuilder", "Partition", "SCC"]),
    tests("Messaging", ["Base", "Window", "Messaging", "ModelChecker"]),
    tests("NodeLife", ["NodeLife", "ModelChecker"]),
    tests("NodeSync", ["Window", "NodeSync", "ModelChecker"]),
    tests("RCCE", ["ModelChecker", "NodeSync", "RCCE", "Window"]),
    tests("Inspection", ["Inspection", "Log", "Scheduling", "Trace"]),
    tests("GuestInterface", ["GuestInterface", "X86"]),
    tests("GuestImage", ["GuestFixture", "GuestImage", "GuestInterface"]),
    .target(
      name: "GuestFixture", dependencies: ["Base", "GuestInterface", "Paging", "ShadowPaging"],
      path: "Tests/GuestFixture"),
    tests("ShadowPaging", ["Base", "GuestFixture", "GuestInterface", "Paging", "ShadowPaging"]),
    tests(
      "Hypervisor",
      ["Base", "GuestFixture", "GuestInterface", "Hypervisor", "Paging", "ShadowPaging", "X86"]),
    tests("Virtio", ["GuestFixture", "GuestInterface", "Virtio"]),
    tests("TraceExport", ["ABI", "Trace", "TraceExport"]),
  ]
}

let package = Package(name: "Apus", products: products, dependencies: dependencies, targets: targets)
