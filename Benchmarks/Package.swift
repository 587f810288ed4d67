// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

// Apart from the package it measures, which knows nothing of it. `make bench` runs them all; one alone runs with
// `swift run -c release nexus-bench` in this folder.
let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "NexusRT", path: "..")],
  targets: [
    .target(name: "CBench", linkerSettings: [.linkedLibrary("uring")]),
    // How a benchmark is timed and reported.
    .target(name: "BenchSupport", swiftSettings: swiftSettings),
    // The runtime beside Swift's standard path.
    .executableTarget(
      name: "nexus-bench",
      dependencies: ["CBench", "BenchSupport", .product(name: "NexusRT", package: "NexusRT")],
      swiftSettings: swiftSettings),
    // Tasks, a million of them too, beside those of tokio and Go.
    .executableTarget(
      name: "tasks-bench",
      dependencies: ["CBench", "BenchSupport", .product(name: "NexusRT", package: "NexusRT")],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "logbuf-bench",
      dependencies: ["CBench", "BenchSupport", .product(name: "LogBuf", package: "NexusRT")],
      swiftSettings: swiftSettings),
    // The channels beside those of Rust's libraries and Go.
    .executableTarget(
      name: "channels-bench",
      dependencies: [
        "BenchSupport", .product(name: "NexusRT", package: "NexusRT"),
        .product(name: "NexusChannels", package: "NexusRT"),
      ],
      swiftSettings: swiftSettings),
  ]
)
