// What the tests of tokens, shutdown and threads share.

import Foundation
@testable import NexusRT
import Synchronization

extension CancellationToken {
  /// The children the tree knows. Only while nobody makes or drops one.
  var childCount: Int {
    var count = 0
    var next = unsafe node.pointee.firstChild
    while let child = unsafe next {
      count += 1
      unsafe next = child.pointee.next
    }
    return count
  }
}

/// Something that has happened.
final class Flag: Sendable {
  private let word = Atomic(false)
  func set() { word.store(true, ordering: .releasing) }
  var isSet: Bool { word.load(ordering: .acquiring) }
}

/// A number that threads add to.
final class Count: Sendable {
  private let number = Atomic(0)
  private let ends = Atomic(0)
  func add(_ more: Int = 1) { number.add(more, ordering: .acquiringAndReleasing) }
  func done() { ends.add(1, ordering: .acquiringAndReleasing) }
  var value: Int { number.load(ordering: .acquiring) }
  var finished: Int { ends.load(ordering: .acquiring) }
}

/// Hands values from one thread to another, one at a time.
final class Handover<Value: Sendable>: Sendable {
  private let value = Guarded<Value?>(nil)
  private let isClosed = Flag()

  /// Waits until the last one was taken.
  func give(_ next: Value) {
    while !(value.withLock { value -> Bool in
      guard value == nil else { return false }
      value = next
      return true
    }) { usleep(1) }
  }

  /// Nil once it is closed.
  func take() -> Value? {
    while true {
      if let next = value.withLock({ value in value.take() }) { return next }
      if isClosed.isSet { return nil }
      usleep(1)
    }
  }

  func close() { isClosed.set() }
}

/// The process's memory, in bytes.
func residentMemory() -> Int {
  let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  return (Int(text.split(separator: " ").dropFirst().first ?? "0") ?? 0) * 4096
}

/// Tasks of the current runtime that are alive.
func runtimeTaskCount() -> Int { unsafe LoopState.current(for: "test").pointee.slab.bodies }

/// Descriptors of this process that are open.
func openDescriptors() -> Int {
  (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
}

/// Threads of this process.
func liveThreads() -> Int {
  (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
}

/// Counts its life, and may be shared.
final class SendableTracked: Sendable {
  private let lives: Lives
  init(_ lives: Lives) {
    self.lives = lives
    lives.add()
  }
  deinit { lives.end() }
}
