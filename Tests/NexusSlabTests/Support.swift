// What the tests of slabs share: elements that count their lives, a box for what arrays cannot hold, threads.

import Foundation
import NexusSlab
import Synchronization
import Testing
@_exported import TestSeeds

/// `#expect` for conditions on noncopyable values, which the macro cannot take apart.
func expect(
  _ condition: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(condition, comment, sourceLocation: sourceLocation)
}

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
