// Chance that can be repeated, for the tests of every library: a generator, the seed of this run, and how long it is to be.

import Foundation

/// A small generator that gives the same numbers for the same seed everywhere (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator {
  package var state: UInt64
  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number below `bound`.
  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// A fresh seed for each run; it is in the message of every failure, and NEXUS_SEED repeats it.
package func freshSeed() -> UInt64 {
  ProcessInfo.processInfo.environment["NEXUS_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...1_000_000_000)
}

/// `count` seeds, one after the other; the name of a failed case tells its seed.
package func seeds(_ count: UInt64) -> [UInt64] {
  let first = freshSeed()
  return (0..<count).map { first &+ $0 }
}

/// How many times longer the random tests run: 1, or 50 with NEXUS_SOAK=1.
package let soakFactor = ProcessInfo.processInfo.environment["NEXUS_SOAK"] == "1" ? 50 : 1
