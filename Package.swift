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
func logic(_ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(
    name: name, dependencies: dependencies, path: path ?? "Kernel/\(name)", swiftSettings: kernelSettings)
}

let logicModules: [Target] = [
  logic("Base"),
  logic("ABI"),
  logic("Log", ["Base"]),
  logic("Scheduling", ["Base"]),
  logic("Sync", ["Scheduling"]),
  logic("Trace"),
  logic("Inspection", ["Log", "Scheduling"]),
]

// MARK: - Bare metal: declared for one architecture at a time

let architecture = Context.environment["KERNEL_ARCH"]

var products: [Product] = []
var dependencies: [Package.Dependency] = []
var targets = logicModules

if architecture != nil {
  targets += [
    .target(name: "CMachine", path: "Kernel/Machine"),
    .target(
      name: "Image", dependencies: ["Base", "CMachine"], path: "Kernel/Image", swiftSettings: kernelSettings),
  ]
  products.append(.library(name: "Kernel", type: .static, targets: ["Image"]))
} else {
  // MARK: - Host tools and tests
  dependencies += [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ]
  let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
  let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
  let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
  let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")

  targets += [
    .target(
      name: "ImageBuilder", dependencies: [subprocess, logging, toml], path: "Tools/ImageBuilder"),
    .target(name: "TraceExport", dependencies: ["Trace"], path: "Tools/TraceExport"),
    .executableTarget(name: "mkimage", dependencies: ["ImageBuilder", argumentParser], path: "Tools/mkimage"),
    .executableTarget(name: "apus", dependencies: ["ImageBuilder", argumentParser], path: "Tools/apus"),
  ]

  // MARK: - Tests
  func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(name)Tests")
  }
  targets += [
    tests("Base", ["Base"]),
    tests("ABI", ["ABI"]),
    tests("Log", ["Base", "Log"]),
    tests("Scheduling", ["Scheduling"]),
    tests("Sync", ["Scheduling", "Sync"]),
    tests("Trace", ["Trace"]),
    tests("Inspection", ["Inspection", "Log", "Scheduling"]),
    tests("TraceExport", ["Trace", "TraceExport"]),
  ]
}

let package = Package(name: "Apus", products: products, dependencies: dependencies, targets: targets)
