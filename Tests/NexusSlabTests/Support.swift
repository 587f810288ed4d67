// What the tests of slabs share: elements that count their lives, a box for what arrays cannot hold, a seeded generator, threads.

import Foundation
import NexusSlab
import Synchronization
import Testing

/// `#expect` for conditions on noncopyable values, which the macro cannot take apart.
func expect(
  _ condition: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(condition, comment, sourceLocation: sourceLocation)
}

/// A small generator that gives the same numbers for the same seed everywhere (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number below `bound`.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// A fresh seed for each run; it is in the message of every failure, and NEXUS_SEED repeats it.
func freshSeed() -> UInt64 {
  ProcessInfo.processInfo.environment["NEXUS_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...1_000_000_000)
}

/// How many times longer the random tests run: 1, or 50 with NEXUS_SOAK=1.
let soakFactor = ProcessInfo.processInfo.environment["NEXUS_SOAK"] == "1" ? 50 : 1

/// Counts the lives of the elements that were given it.
final class Lives: Sendable {
  private let born = Atomic(0)
  private let died = Atomic(0)
  func add() { born.wrappingAdd(1, ordering: .relaxed) }
  func end() { died.wrappingAdd(1, ordering: .relaxed) }
  var ended: Int { died.load(ordering: .relaxed) }
  var alive: Int { born.load(ordering: .relaxed) - ended }
}

/// A noncopyable element whose life is counted.
struct Unique: ~Copyable {
  var number: Int
  private let lives: Lives
  init(_ number: Int, _ lives: Lives) {
    self.number = number
    self.lives = lives
    lives.add()
  }
  deinit { lives.end() }
}

/// A noncopyable value in what can be copied, for arrays and dictionaries.
final class Box<Value: ~Copyable> {
  var value: Value?
  init(_ value: consuming Value) { self.value = consume value }
  func take() -> Value { value.take()! }
}

extension Insertion where Element: ~Copyable {
  /// The slot; nil, and the element goes, if there was no room.
  consuming func slot() -> Slot<Element>? {
    switch consume self {
    case .inserted(let slot): slot
    case .full: nil
    }
  }
}

/// Whether an exit test's process printed `text` before it ended.
func expectSaid(
  _ result: ExitTest.Result?, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  #expect(said.contains(text), sourceLocation: sourceLocation)
}
