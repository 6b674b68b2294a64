// swift-tools-version: 6.2
// One package for the kernel, its tests and the host tools.
//
// A plain `swift build` or `swift test` sees only what runs on the host: the kernel's logic modules, the tools
// and the tests. The bare-metal modules and the kernel images are declared when KERNEL_ARCH names an
// architecture; Tools/ImageBuilder sets it, together with the target triple and a toolset of Tools/Toolsets.
//
// A module is named by its place: "Memory/Paging" is the module Paging in Kernel/Memory/Paging, its tests are
// PagingTests in Tests/Logic/Memory/PagingTests. What it needs is a list of words.

import PackageDescription

// MARK: - Settings

/// Kernel code states every unsafe step; a warning about memory safety is an error.
let kernelSettings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatWarning("StrictMemorySafety", as: .error),
  .enableExperimentalFeature("Lifetimes"),
]

/// The modules that a list of words names.
func modules(_ words: String) -> [Target.Dependency] {
  words.split(whereSeparator: \.isWhitespace).map { .byName(name: String($0)) }
}

/// The last part of a path.
func name(of place: String) -> String { String(place.split(separator: "/").last ?? "") }

// MARK: - Kernel logic: compiles for the host and for the bare machine

/// A module of the kernel that touches no hardware.
///
/// - Parameter isHeavy: whether tests run so much of it that it is optimised in debug builds for the host too.
func logic(_ place: String, _ needed: String = "", isHeavy: Bool = false) -> Target {
  let isOptimised = isHeavy && Context.environment["KERNEL_ARCH"] == nil
  return .target(
    name: name(of: place), dependencies: modules(needed), path: "Kernel/\(place)",
    swiftSettings: kernelSettings + (isOptimised ? [.unsafeFlags(["-O"])] : []))
}

let logicModules: [Target] = [
  logic("Foundation/ABI"),
  logic("Foundation/Base"),
  logic("Foundation/Checksum", isHeavy: true),
  logic("Foundation/Clocks"),
  logic("Foundation/Core", "Base Log"),
  logic("Foundation/Log", "Base"),
  logic("Foundation/Randomness"),

  logic("Machine/ACPI", "Base"),
  logic("Machine/FloatingPoint"),
  logic("Machine/X86"),
  .target(name: "CTicks", path: "Kernel/Machine/CTicks"),

  logic("Memory/AddressSpace", "Base Paging Regions"),
  logic("Memory/FrameAllocator", "Base"),
  logic("Memory/Heap", "Base"),
  logic("Memory/Paging", "Base"),
  logic("Memory/Regions", "Base"),

  logic("Threads/Inspection", "Log Scheduling Trace"),
  logic("Threads/Scheduling", "Trace"),
  logic("Threads/Sync", "Scheduling"),
  logic("Threads/Trace", "CTicks"),

  logic("Startup/BootInformation", "Base"),
  logic("Startup/CommandLine", "Log"),

  logic("Files/Archive"),
  logic("Files/ArchiveLoading", "Archive FileSystem FileSystemFormat"),
  logic("Files/FileSystem", "FileSystemFormat"),
  logic("Files/FileSystemCheck", "FileSystemFormat"),
  logic("Files/FileSystemFormat", "Checksum"),
  logic("Files/OpenFiles", "FileSystem FileSystemFormat LinuxABI Randomness Streams VirtualFileSystem"),
  logic("Files/ProcessText", "LinuxABI OpenFiles VirtualFileSystem"),
  logic("Files/Streams", "LinuxABI"),
  logic("Files/VirtualFileSystem", "FileSystem FileSystemFormat LinuxABI Randomness Streams"),

  logic("Programs/CallProfile"),
  logic("Programs/Executable", "Base"),
  logic("Programs/Futex"),
  logic("Programs/LinuxABI"),
  logic("Programs/Processes"),
  logic("Programs/ProgramStack"),
  logic("Programs/Signals", "LinuxABI"),
  logic("Programs/SystemCalls"),

  logic("Nodes/Messaging", "Window"),
  logic("Nodes/NodeLife"),
  logic("Nodes/NodeSync", "Window"),
  logic("Nodes/NodeTable", "Messaging RCCE Window"),
  logic("Nodes/Partition", "Base Checksum"),
  logic("Nodes/RCCE", "NodeSync Window"),
  logic("Nodes/Transport", "Checksum Messaging", isHeavy: true),
  logic("Nodes/Window"),

  logic("Guests/GuestImage", "GuestInterface"),
  logic("Guests/GuestInterface", "Base X86"),
  logic("Guests/Hypervisor", "Base GuestInterface Paging ShadowPaging X86"),
  logic("Guests/ShadowPaging", "Base GuestInterface Paging"),
  logic("Guests/Virtio", "GuestInterface"),
]

// MARK: - Bare metal: declared for one architecture at a time

let architecture = Context.environment["KERNEL_ARCH"]

var products: [Product] = []
var dependencies: [Package.Dependency] = []
var targets = logicModules

if let architecture {
  /// A module that touches hardware, or composes modules that do.
  func bareMetal(
    _ place: String, path: String? = nil, _ needed: String, sources: [String]? = nil, exclude: [String] = []
  ) -> Target {
    .target(
      name: name(of: place), dependencies: modules(needed), path: path ?? "Kernel/\(place)",
      exclude: exclude, sources: sources,
      swiftSettings: kernelSettings + [.enableExperimentalFeature("AddressableTypes")])
  }

  let isI686 = architecture == "i686"
  let architectureFolder = isI686 ? "I686" : "X86_64"
  let assembly = ["Interrupts", "ContextSwitch", "SystemCalls", "UserCopy"]

  targets += [
    .target(name: "CMachine", path: "Kernel/Machine/CMachine"),
    bareMetal(
      "Machine/Arch", "ABI Base CMachine Core FloatingPoint Log X86", sources: ["X86", architectureFolder],
      exclude: assembly.map { "\(architectureFolder)/\($0).asm" }
        + ["CallPages.inc"] + (isI686 ? ["X86_64", "I686/WorldSwitch.asm"] : ["I686"])),
    bareMetal("Machine/Interrupts", "ACPI Arch Base BootInformation CMachine X86"),
    bareMetal(
      "Startup/Runtime",
      """
      ABI Arch Base BootInformation CMachine CommandLine Core FloatingPoint FrameAllocator Heap Interrupts Log
      Paging Partition Scheduling Sync Trace X86
      """),
    bareMetal(
      "Startup/Start",
      """
      ABI ACPI Arch Archive Base BootInformation Checksum CMachine CommandLine Core FloatingPoint FrameAllocator
      Heap Inspection Interrupts Log Paging Partition Runtime Scheduling Sync Trace
      """),
    bareMetal(
      "Memory/UserMemory",
      "AddressSpace Arch Base CMachine FrameAllocator Log Paging Partition Regions Runtime X86"),
    bareMetal(
      "Nodes/NodePlacing", "Arch Base CMachine Log NodeTable Paging Partition Runtime Scheduling"),
    bareMetal(
      "Nodes/PeerLinks",
      """
      ABI Arch Base CMachine FrameAllocator Log Messaging NodeLife NodePlacing NodeTable Paging Partition Runtime
      Scheduling Sync Window
      """),
    bareMetal(
      "Nodes/NodeTrials",
      """
      Arch Base CMachine Log Messaging NodeSync NodeTable PeerLinks RCCE Runtime Scheduling Sync Transport Window
      """),
    bareMetal(
      "Nodes/Nodes",
      """
      Arch Base CMachine Core Log Messaging NodeLife NodePlacing NodeSync NodeTable PeerLinks RCCE Runtime
      Scheduling Sync UserMemory Window
      """),
    bareMetal(
      "Files/Mounts",
      """
      ABI Arch Archive ArchiveLoading Base BootInformation CMachine CommandLine FileSystem FileSystemCheck
      FileSystemFormat FrameAllocator LinuxABI Log OpenFiles Runtime VirtualFileSystem
      """),
    bareMetal(
      "Programs/ProgramRecords",
      """
      ABI AddressSpace Arch Base CallProfile Clocks CMachine Futex LinuxABI Log Processes Runtime Scheduling
      Signals Sync SystemCalls UserMemory VirtualFileSystem X86
      """),
    bareMetal(
      "Programs/ProgramSignals",
      """
      Arch Base Clocks CMachine FloatingPoint LinuxABI Log Processes ProgramRecords Runtime Scheduling Signals
      """),
    bareMetal(
      "Programs/ProgramFiles",
      """
      AddressSpace Arch Base CMachine Core FileSystem FileSystemFormat FrameAllocator Heap Inspection
      Interrupts LinuxABI Log Mounts OpenFiles ProcessText Processes ProgramRecords ProgramSignals Regions
      Runtime Scheduling Signals Trace UserMemory VirtualFileSystem
      """),
    bareMetal(
      "Programs/ProgramLife",
      """
      ABI AddressSpace Arch Archive Base BootInformation CMachine Clocks CommandLine Executable FileSystem
      FileSystemFormat LinuxABI Log Mounts OpenFiles Paging Processes ProgramFiles ProgramRecords
      ProgramSignals ProgramStack Randomness Regions Runtime Scheduling Signals Sync UserMemory
      VirtualFileSystem X86
      """),
    bareMetal(
      "Programs/CallContext",
      """
      Arch Base CMachine Clocks LinuxABI Processes ProgramFiles ProgramRecords ProgramSignals Runtime
      Signals UserMemory VirtualFileSystem
      """),
    bareMetal(
      "Programs/FileCalls",
      """
      Arch Base CMachine CallContext Clocks FileSystemFormat LinuxABI OpenFiles Processes ProgramFiles
      ProgramRecords ProgramSignals Randomness Runtime Scheduling Signals SystemCalls VirtualFileSystem
      """),
    bareMetal(
      "Programs/ProcessCalls",
      """
      AddressSpace Arch Base CMachine CallContext Clocks FrameAllocator LinuxABI OpenFiles Processes
      ProgramFiles ProgramLife ProgramRecords ProgramSignals Regions Runtime Scheduling Signals SystemCalls
      UserMemory VirtualFileSystem
      """),
    bareMetal(
      "Programs/TimeCalls",
      """
      Arch CMachine CallContext Clocks Futex LinuxABI Processes ProgramRecords ProgramSignals Runtime
      Scheduling SystemCalls
      """),
    bareMetal(
      "Programs/ProgramCalls",
      """
      Arch CMachine CallContext CommandLine FileCalls Futex LinuxABI Log OpenFiles ProcessCalls ProgramFiles
      ProgramLife ProgramRecords ProgramSignals Runtime Scheduling Streams Sync SystemCalls TimeCalls
      UserMemory VirtualFileSystem X86
      """),
    bareMetal(
      "Startup/Image",
      """
      ABI Arch CMachine Log NodeTrials Nodes PeerLinks ProgramCalls ProgramLife Runtime Scheduling Start \(isI686 ? "GuestHost" : "")
      """),
    bareMetal(
      "Benchmarks",
      """
      ABI AddressSpace Arch Base BootInformation CMachine CommandLine FrameAllocator Log Messaging Paging Regions
      Runtime Scheduling Start Sync Trace UserMemory Window X86
      """),
    // Kernels for tests: the same start-up, then one behaviour that the command line names.
    .target(name: "Provocations", path: "Tests/Kernels/Provocations"),
    bareMetal(
      "Behaviours", path: "Tests/Kernels/Behaviours",
      """
      ABI AddressSpace Arch Base BootInformation CMachine CommandLine Core FileSystemFormat FrameAllocator
      Heap Interrupts LinuxABI Log Mounts OpenFiles Paging Provocations Regions Runtime Scheduling Start
      Sync Trace UserMemory VirtualFileSystem X86
      """),
  ]
  products += [
    .library(name: "Kernel", type: .static, targets: ["Image"]),
    .library(name: "BenchKernel", type: .static, targets: ["Benchmarks"]),
    .library(name: "TestKernel", type: .static, targets: ["Behaviours"]),
  ]

  // Only the kernel of i686 hosts paravirtual guests; one of them is our own.
  if isI686 {
    targets += [
      bareMetal(
        "Guests/GuestPages",
        """
        Arch Base CMachine FrameAllocator GuestInterface Log Paging Partition Runtime ShadowPaging X86
        """),
      bareMetal(
        "Guests/GuestRecords",
        """
        Arch Archive Base BootInformation CMachine GuestImage GuestInterface GuestPages Log Randomness
        Runtime Scheduling Sync Virtio
        """),
      bareMetal(
        "Guests/GuestHost",
        """
        ABI Arch Base BootInformation CMachine Clocks Core FrameAllocator GuestImage GuestInterface GuestPages
        GuestRecords Hypervisor Log Paging Runtime Scheduling ShadowPaging Sync Virtio
        """),
      .target(name: "CGuest", path: "Kernel/Guests/Guest/Machine"),
      bareMetal(
        "GuestSupport", path: "Kernel/Guests/Guest/Support", "CGuest CMachine GuestInterface Log X86"),
      bareMetal(
        "GuestProbe", path: "Kernel/Guests/Guest/Probe", "CGuest CMachine GuestInterface GuestSupport Log"),
    ]
    products.append(.library(name: "GuestKernel", type: .static, targets: ["GuestProbe"]))
  }
} else {
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

  // MARK: - Host tools: they read what the kernel writes with the kernel's own modules, never with a second copy

  /// A module of the tools.
  func tool(
    _ place: String, in folder: String = "Tools", _ needed: String = "",
    packages: [Target.Dependency] = [], exclude: [String] = []
  ) -> Target {
    .target(
      name: name(of: place), dependencies: modules(needed) + packages, path: "\(folder)/\(place)",
      exclude: exclude)
  }

  targets += [
    tool("HostSupport", packages: [logging, subprocess]),
    tool("CommandSupport", "HostSupport ImageBuilder", packages: [argumentParser]),
    tool("FileSystemImage", "FileSystem FileSystemCheck FileSystemFormat"),
    tool("ImageBuilder", "FileSystemFormat FileSystemImage HostSupport", packages: [toml]),
    tool(
      "Launch", in: "Boot", "ABI FileSystemImage GuestImage HostSupport ImageBuilder", packages: [subprocess]),
    tool("SCC", "Base HostSupport ImageBuilder NodeTable Partition", packages: [toml]),
    tool("TraceExport", "ABI Trace"),
    // Optimised always: it visits hundreds of thousands of states in tests.
    .target(
      name: "ModelChecker", dependencies: ["Window"], path: "Tools/ModelChecker",
      swiftSettings: [.unsafeFlags(["-O"])]),
    tool("GuestLab", "HostSupport ImageBuilder Launch"),
    tool("Plotting"),
    // Its Peer and Pthread are programs of their own, compiled for the systems that are measured.
    tool("Bench", "GuestLab HostSupport ImageBuilder Launch Plotting", exclude: ["Peer", "Pthread"]),
    .executableTarget(
      name: "mkimage",
      dependencies: modules("CommandSupport FileSystemImage HostSupport ImageBuilder Launch SCC")
        + [argumentParser],
      path: "Tools/mkimage"),
    .executableTarget(
      name: "apus",
      dependencies: modules(
        "Bench CommandSupport GuestLab HostSupport ImageBuilder Launch Plotting PredictCommands SCC TraceExport"
      )
        + [argumentParser],
      path: "Tools/apus"),
  ]

  // MARK: - Host tools: the speedup model

  targets += [
    // Optimised in debug builds too: a sweep's million predictions, or a trace of gigabytes, must not depend on
    // how the tool was built.
    .target(
      name: "SpeedupModel", path: "Tools/Predict/SpeedupModel", swiftSettings: [.unsafeFlags(["-O"])]),
    .target(
      name: "ProfileImport", dependencies: ["SpeedupModel"], path: "Tools/Predict/ProfileImport",
      swiftSettings: [.unsafeFlags(["-O"])]),
    .target(
      name: "PredictFigures", dependencies: ["Plotting", "SpeedupModel"],
      path: "Tools/Predict/PredictFigures",
      resources: ["gzip", "bzip2", "gcc", "sqlite"].map { .embedInCode("Profiles/\($0).json") }),
    tool("Predict/CSeccomp"),
    tool("Predict/DelayTracer", "CSeccomp SpeedupModel"),
    tool(
      "Predict/PredictCommands",
      "DelayTracer Plotting predict-synthetic PredictFigures ProfileImport SpeedupModel",
      packages: [argumentParser]),
    // Optimised always: its computation must weigh against its calls as a real program's would.
    .executableTarget(
      name: "predict-synthetic", dependencies: ["SpeedupModel", argumentParser],
      path: "Tools/Predict/Synthetic", swiftSettings: [.unsafeFlags(["-O"])]),
  ]

  // MARK: - Tests

  /// The tests in a folder, which may use random numbers that a printed seed brings back.
  func tests(in folder: String, of module: String, _ needed: String, exclude: [String] = []) -> Target {
    .testTarget(
      name: "\(module)Tests", dependencies: modules(needed) + ["SeededRandomness"],
      path: "Tests/\(folder)\(module)Tests", exclude: exclude)
  }
  /// The tests of a module of the kernel; the modules that they need besides it.
  func tests(_ place: String, _ needed: String = "") -> Target {
    let module = name(of: place)
    return tests(
      in: "Logic/" + place.dropLast(module.count), of: module, "\(module) \(needed)")
  }
  /// The tests of a module of the tools; the modules that they need besides it.
  func toolTests(_ module: String, _ needed: String = "", exclude: [String] = []) -> Target {
    tests(in: "Tools/", of: module, "\(module) \(needed)", exclude: exclude)
  }

  targets += [
    .target(name: "SeededRandomness", path: "Tests/Fixtures/SeededRandomness"),
    .target(
      name: "SchedulingFixture", dependencies: ["Scheduling"], path: "Tests/Fixtures/SchedulingFixture"),
    .target(name: "CommandFixture", dependencies: ["HostSupport"], path: "Tests/Fixtures/CommandFixture"),
    .target(
      name: "FileFixture",
      dependencies: modules("FileSystem FileSystemFormat LinuxABI OpenFiles VirtualFileSystem"),
      path: "Tests/Fixtures/FileFixture"),
    .target(
      name: "GuestFixture", dependencies: modules("Base GuestInterface Paging ShadowPaging"),
      path: "Tests/Fixtures/GuestFixture"),

    tests(in: "", of: "Document", ""),

    tests("Foundation/ABI"),
    tests("Foundation/Base"),
    tests("Foundation/Checksum"),
    tests("Foundation/Clocks"),
    tests("Foundation/Core", "Base Log"),
    tests("Foundation/Log", "Base"),
    tests("Foundation/Randomness"),

    tests("Machine/ACPI", "Base"),
    tests("Machine/FloatingPoint"),
    tests("Machine/X86"),

    tests("Memory/AddressSpace", "Base Paging Regions"),
    tests("Memory/FrameAllocator", "Base"),
    tests("Memory/Heap", "Base"),
    tests("Memory/Paging", "Base"),
    tests("Memory/Regions", "Base"),

    tests("Threads/Inspection", "Log Scheduling Trace"),
    tests("Threads/Scheduling", "SchedulingFixture Trace"),
    tests("Threads/Sync", "Scheduling SchedulingFixture"),
    tests("Threads/Trace"),

    tests("Startup/BootInformation", "Base"),
    tests("Startup/CommandLine", "Log"),

    tests("Files/Archive"),
    tests("Files/ArchiveLoading", "Archive FileSystem FileSystemFormat"),
    tests("Files/FileSystem", "FileSystemCheck FileSystemFormat"),
    tests("Files/OpenFiles", "FileFixture FileSystemFormat LinuxABI VirtualFileSystem"),
    tests("Files/ProcessText", "FileSystem FileSystemFormat LinuxABI OpenFiles VirtualFileSystem"),
    tests("Files/Streams", "LinuxABI"),
    tests("Files/VirtualFileSystem", "FileFixture FileSystem FileSystemFormat LinuxABI OpenFiles"),

    tests("Programs/CallProfile"),
    tests("Programs/Executable", "Base"),
    tests("Programs/Futex"),
    tests("Programs/LinuxABI"),
    tests("Programs/Processes"),
    tests("Programs/ProgramStack"),
    tests("Programs/Signals", "LinuxABI"),
    tests("Programs/SystemCalls"),

    tests("Nodes/Messaging", "Base ModelChecker Window"),
    tests("Nodes/NodeLife"),
    tests("Nodes/NodeSync", "ModelChecker Window"),
    tests("Nodes/Partition", "Base Paging"),
    tests("Nodes/RCCE", "ModelChecker NodeSync Window"),
    tests("Nodes/Transport", "Messaging ModelChecker"),

    tests("Guests/GuestImage", "GuestFixture GuestInterface"),
    tests("Guests/GuestInterface", "X86"),
    tests("Guests/Hypervisor", "Base GuestFixture GuestInterface Paging ShadowPaging X86"),
    tests("Guests/ShadowPaging", "Base GuestFixture GuestInterface Paging"),
    tests("Guests/Virtio", "GuestFixture GuestInterface"),

    toolTests("Bench", "apus CommandFixture HostSupport ImageBuilder Launch Plotting", exclude: ["Golden"]),
    toolTests("DelayTracer", "CSeccomp predict-synthetic SpeedupModel"),
    toolTests("FileSystemImage", "FileSystemFormat"),
    toolTests("GuestLab"),
    toolTests("ImageBuilder", "HostSupport"),
    toolTests("Launch", "ABI HostSupport ImageBuilder"),
    toolTests("Plotting", exclude: ["Golden"]),
    tests(
      in: "Tools/", of: "PredictCommand", "apus CommandFixture HostSupport ProfileImport SpeedupModel"),
    toolTests("PredictFigures", "Plotting SpeedupModel", exclude: ["Golden"]),
    toolTests("ProfileImport", "SpeedupModel"),
    toolTests("SCC", "Base HostSupport ImageBuilder Partition"),
    toolTests("SpeedupModel"),
    toolTests("TraceExport", "ABI Trace"),
    tests(
      in: "", of: "Emulator",
      """
      ABI Bench FileSystemFormat FileSystemImage GuestLab HostSupport ImageBuilder Launch SCC SpeedupModel Trace
      TraceExport
      """, exclude: ["Applets"]),
  ]
}

let package = Package(name: "Apus", products: products, dependencies: dependencies, targets: targets)
