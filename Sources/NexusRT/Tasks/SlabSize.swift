// How many tasks a runtime makes room for in advance.

/// The slab of a runtime: places for tasks that are made with the runtime, so that `spawnSlab` allocates nothing from the
/// first task on.
public struct SlabSize: Sendable, Equatable {
  /// Tasks that have a place. At least 1.
  public var slots: Int
  /// What a place holds, in bytes: the task's closure (16), its arguments, its result and about 150 of the runtime's own. What the
  /// closure captures is not in it. At least 192; rounded up to a multiple of 64.
  public var bytesPerSlot: Int
  /// Whether more places are made when all are taken. Otherwise the slab is full then, and says so.
  public var grows: Bool

  @usableFromInline static let least = 192

  /// A slab that refuses tasks when it is full: backpressure on spawning.
  public static func bounded(slots: Int, bytesPerSlot: Int = 256) -> SlabSize {
    SlabSize(slots: slots, bytesPerSlot: bytesPerSlot, grows: false)
  }

  /// A slab that doubles when it is full.
  public static func growing(slots: Int, bytesPerSlot: Int = 256) -> SlabSize {
    SlabSize(slots: slots, bytesPerSlot: bytesPerSlot, grows: true)
  }
}

/// Why a task was not spawned into the slab.
@frozen
public enum SlabError: Error, Equatable, Sendable {
  /// All of its places are taken: by tasks that live, by results that nobody took or dropped, and by claims.
  case full
}
