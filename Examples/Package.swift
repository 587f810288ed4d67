// swift-tools-version: 6.2
import PackageDescription

// The same list as in the root package: one rule for every Swift target.
let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  // SE-0335: `any` is written where an existential is paid for.
  .enableUpcomingFeature("ExistentialAny"),
  // SE-0444 and SE-0409: a file says what it imports, and what it imports stays out of the public API.
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  // `@_lifetime`: spans into a buffer are bound to the buffer they came from.
  .enableExperimentalFeature("Lifetimes"),
  // SE-0458: every use of an unsafe construct is marked `unsafe` where it happens.
  .strictMemorySafety(),
]

let package = Package(
  name: "Examples",
  products: [
    .executable(name: "fix-archive", targets: ["fix-archive"]),
    .executable(name: "tick-pipeline", targets: ["tick-pipeline"]),
  ],
  dependencies: [
    .package(name: "NexusRT", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    // CRC32C and the FIX checksum, with the processor's own instructions.
    .target(name: "CArchiveKernels"),
    // FIX on the wire: framing with resynchronisation, a refillable buffer, a traffic generator.
    .target(name: "FIXWire", dependencies: ["CArchiveKernels"], swiftSettings: swiftSettings),
    // The archive on disk (FORMAT.md): encode, scan, read, recover. No runtime in it.
    .target(name: "FIXArchiveFormat", dependencies: ["CArchiveKernels"], swiftSettings: swiftSettings),
    // Signals as a descriptor, which Swift's Glibc module does not show.
    .target(name: "CRecorder"),
    // The main job: input, ring, archive, on NexusRT.
    .target(
      name: "FIXRecorder",
      dependencies: [
        "CArchiveKernels", "CRecorder", "FIXWire", "FIXArchiveFormat",
        .product(name: "NexusRT", package: "NexusRT"),
        .product(name: "NexusChannels", package: "NexusRT"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "fix-archive",
      dependencies: [
        "FIXWire", "FIXArchiveFormat", "FIXRecorder",
        .product(name: "NexusRT", package: "NexusRT"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),
    // What one message costs in each part, on one core.
    .executableTarget(
      name: "fix-bench", dependencies: ["FIXWire", "FIXArchiveFormat"], swiftSettings: swiftSettings),
    // Market data through four kinds of channel, between threads and tasks.
    .executableTarget(
      name: "tick-pipeline",
      dependencies: [
        .product(name: "NexusRT", package: "NexusRT"),
        .product(name: "NexusChannels", package: "NexusRT"),
      ],
      swiftSettings: swiftSettings),

    .testTarget(
      name: "CArchiveKernelsTests", dependencies: ["CArchiveKernels"], swiftSettings: swiftSettings),
    .testTarget(name: "FIXWireTests", dependencies: ["FIXWire"], swiftSettings: swiftSettings),
    .testTarget(
      name: "FIXArchiveFormatTests", dependencies: ["FIXArchiveFormat", "FIXWire"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "FIXRecorderTests",
      dependencies: [
        "FIXRecorder", "FIXArchiveFormat", "FIXWire", "CArchiveKernels",
        .product(name: "NexusRT", package: "NexusRT"),
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "FixArchiveTests", dependencies: ["fix-archive", "FIXArchiveFormat", "FIXWire"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "TickPipelineTests",
      dependencies: ["tick-pipeline", .product(name: "NexusRT", package: "NexusRT")],
      swiftSettings: swiftSettings),
  ]
)
