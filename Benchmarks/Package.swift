// swift-tools-version: 6.2
import PackageDescription

// Apart from the package it measures, which knows nothing of it. Run one with
// `swift run -c release logbuf-bench` in this folder.
let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "NexusRT", path: "..")],
  targets: [
    .target(name: "CBench"),
    .executableTarget(
      name: "logbuf-bench",
      dependencies: ["CBench", .product(name: "LogBuf", package: "NexusRT")],
      swiftSettings: [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableExperimentalFeature("Lifetimes"),
      ]),
  ]
)
