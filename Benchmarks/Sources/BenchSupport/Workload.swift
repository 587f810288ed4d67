// A piece of work that several do alike: our own lines in this process, the peers in programs of their own.

import Foundation

/// What doing a workload once came to.
public struct Outcome: Sendable {
  /// Of one operation.
  public var nanoseconds: Double
  /// How many messages were received.
  public var messages: UInt64
  /// The sum of what was received, wrapping.
  public var checksum: UInt64

  public init(nanoseconds: Double, messages: UInt64, checksum: UInt64) {
    self.nanoseconds = nanoseconds
    self.messages = messages
    self.checksum = checksum
  }
}

/// Benchmarks/README.md says what each one is.
public struct Workload: Sendable {
  public let name: String
  /// How many operations are timed.
  public let count: Int
  /// How many messages are received: the values 0..<messages, each once.
  public let messages: Int

  /// - Parameter messages: nil where an operation is a message.
  public init(_ name: String, count: Int, messages: Int? = nil) {
    // The peers share the messages out to four threads.
    precondition(count >= 4 && count % 4 == 0)
    self.name = name
    self.count = count
    self.messages = messages ?? count
  }

  /// The same with another count, for somebody whom this one would take too long.
  public func counting(_ count: Int) -> Workload {
    Workload(name, count: count, messages: messages == self.count ? nil : messages)
  }

  /// A line of our own. `run` does so many operations, a multiple of 4, and says what came of it.
  public func line(_ name: String, bar: Bar? = nil, run: @escaping (Int) throws -> Outcome) -> Line {
    Line(name, bar: bar) {
      // The peers warm up alike.
      _ = try run(max(4, count / 32 * 4))
      return checked(try run(count), by: name)
    }
  }

  /// Another workload of the same size.
  public func named(_ name: String) -> Workload { Workload(name, count: count, messages: messages) }

  /// The lines of others, called as they are or, where there is but one, `label`.
  public func lines(of peers: [Peer], labelled label: String? = nil) -> [Line] {
    peers.map { peer in Line(label ?? peer.name) { checked(try peer.run(self), by: peer.name) } }
  }

  /// The time, after a look at whether the work was done.
  public func checked(_ outcome: Outcome, by name: String) -> Double {
    let sum = UInt64(messages) * UInt64(messages - 1) / 2
    guard outcome.messages == messages, outcome.checksum == sum else {
      fail(
        """
        \(self.name) by \(name): received \(outcome.messages) messages with sum \(outcome.checksum), \
        not \(messages) with sum \(sum)
        """)
    }
    return outcome.nanoseconds
  }
}

/// Ends the benchmark: what was not done as agreed must not have a number in the table.
func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(1)
}
