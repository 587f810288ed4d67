// What can be set about the threads for work that blocks.

/// The threads on which `spawnBlocking` runs its bodies. They are started when there is work, and end when there is none.
public struct BlockingConfiguration: Sendable {
  /// How many threads at most. At least 1.
  public var threads = 4
  /// How many bodies may wait for a thread. Who has more to do waits, or is told that the queue is full. At least 1.
  public var queueLength = 256
  /// How long a thread waits for work before it ends.
  public var idleTime: Duration = .seconds(10)

  public init() {}
}
