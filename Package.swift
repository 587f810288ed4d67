// swift-tools-version: 6.2
import PackageDescription

// One list of settings for every Swift target, so that a rule added here holds everywhere.
let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  // SE-0335: `any` is written where an existential is paid for.
  .enableUpcomingFeature("ExistentialAny"),
  // SE-0444 and SE-0409: a file says what it imports, and what it imports stays out of the public API.
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  // `@_lifetime`: claims and records are `~Escapable` and bound to the channel end they came from.
  .enableExperimentalFeature("Lifetimes"),
  // SE-0458: every use of an unsafe construct is marked `unsafe` where it happens.
  .strictMemorySafety(),
]

let package = Package(
  name: "NexusRT",
  products: [
    .library(name: "LogBuf", targets: ["LogBuf"]),
    .library(name: "NexusRT", targets: ["NexusRT"]),
    .library(name: "NexusChannels", targets: ["NexusChannels"]),
    .library(name: "NexusSlab", targets: ["NexusSlab"]),
    .library(name: "NexusTestSupport", targets: ["NexusTestSupport"]),
  ],
  traits: [
    .trait(
      name: "ExperimentalScheduling",
      description:
        "Task.sleep of Swift's own clocks waits in the runtime's timers. Uses an experimental interface of the toolchain."
    )
  ],
  targets: [
    // liburing as the system has it, and inline wrappers for what Swift's importer cannot see.
    .systemLibrary(
      name: "CURing", pkgConfig: "liburing", providers: [.apt(["liburing-dev"])]),
    // What only C can say: the suspension function in the async calling convention, thread-locals,
    // futexes, the spin hint.
    .target(name: "CNexus"),
    .target(name: "LogBuf", dependencies: ["CNexus"], swiftSettings: swiftSettings),
    .target(name: "NexusRT", dependencies: ["CNexus", "CURing"], swiftSettings: swiftSettings),
    .target(
      name: "NexusChannels", dependencies: ["CNexus", "LogBuf", "NexusRT"],
      swiftSettings: swiftSettings),
    // Object pools; nothing of the runtime in them.
    .target(name: "NexusSlab", dependencies: ["CNexus"], swiftSettings: swiftSettings),
    // A runtime that tests step by hand, for users' own tests.
    .target(name: "NexusTestSupport", dependencies: ["NexusRT"], swiftSettings: swiftSettings),

    // For the tests alone: what counts allocations, and chance that can be repeated.
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .target(name: "TestSeeds", path: "Tests/TestSeeds", swiftSettings: swiftSettings),
    .testTarget(name: "LogBufTests", dependencies: ["LogBuf", "TestSeeds"], swiftSettings: swiftSettings),
    .testTarget(
      name: "NexusSlabTests", dependencies: ["NexusSlab", "CAllocationCounter", "TestSeeds"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "NexusRTTests",
      dependencies: ["NexusRT", "NexusTestSupport", "CNexus", "CAllocationCounter", "TestSeeds"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "NexusChannelsTests",
      dependencies: ["NexusChannels", "NexusRT", "LogBuf", "CNexus", "CAllocationCounter", "TestSeeds"],
      swiftSettings: swiftSettings),
  ]
)
