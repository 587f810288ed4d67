// Steps that drop values: filter, guard, dedup.

extension PipelineStages {
  public struct Filter<Base: PipelineStage>: PipelineStage {
    @usableFromInline var base: Base
    @usableFromInline let isWanted: (Base.Output) throws(Base.Failure) -> Bool
    @usableFromInline let otherwise: ((Base.Output) throws(Base.Failure) -> Void)?

    @inlinable @inline(__always)
    init(
      _ base: Base, _ isWanted: @escaping (Base.Output) throws(Base.Failure) -> Bool,
      otherwise: ((Base.Output) throws(Base.Failure) -> Void)? = nil
    ) {
      self.base = base
      self.isWanted = isWanted
      self.otherwise = otherwise
    }

    @inlinable @inline(__always)
    public mutating func process(
      _ input: Base.Input, in world: inout World
    ) throws(Base.Failure) -> Base.Output? {
      guard let value = try base.process(input, in: &world) else { return nil }
      if try isWanted(value) { return value }
      try otherwise?(value)
      return nil
    }
  }

  /// `filter` and `guard` by a stage, which may use resources.
  public struct FilterByStage<Base: PipelineStage, Condition: PipelineStage>: PipelineStage
  where Condition.Input == Base.Output, Condition.Output == Bool, Condition.Failure == Base.Failure {
    @usableFromInline var base: Base
    @usableFromInline var condition: Condition
    @usableFromInline let otherwise: ((Base.Output) throws(Base.Failure) -> Void)?

    @inlinable @inline(__always)
    init(
      _ base: Base, _ condition: Condition, otherwise: ((Base.Output) throws(Base.Failure) -> Void)? = nil
    ) {
      self.base = base
      self.condition = condition
      self.otherwise = otherwise
    }

    @inlinable @inline(__always)
    public mutating func process(
      _ input: Base.Input, in world: inout World
    ) throws(Base.Failure) -> Base.Output? {
      guard let value = try base.process(input, in: &world) else { return nil }
      if try condition.process(value, in: &world) == true { return value }
      try otherwise?(value)
      return nil
    }
  }

  /// Drops a value that equals the one before.
  public struct Dedup<Base: PipelineStage>: PipelineStage where Base.Output: Equatable {
    @usableFromInline var base: Base
    @usableFromInline var last: Base.Output?

    @inlinable @inline(__always)
    init(_ base: Base) { self.base = base }

    @inlinable @inline(__always)
    public mutating func process(
      _ input: Base.Input, in world: inout World
    ) throws(Base.Failure) -> Base.Output? {
      guard let value = try base.process(input, in: &world) else { return nil }
      if let last, last == value { return nil }
      last = value
      return value
    }
  }

  /// Drops a value that has the same key as the one before.
  public struct DedupByKey<Base: PipelineStage, Key: Equatable>: PipelineStage {
    @usableFromInline var base: Base
    @usableFromInline let key: (Base.Output) -> Key
    @usableFromInline var last: Key?

    @inlinable @inline(__always)
    init(_ base: Base, _ key: @escaping (Base.Output) -> Key) {
      self.base = base
      self.key = key
    }

    @inlinable @inline(__always)
    public mutating func process(
      _ input: Base.Input, in world: inout World
    ) throws(Base.Failure) -> Base.Output? {
      guard let value = try base.process(input, in: &world) else { return nil }
      let key = key(value)
      if let last, last == key { return nil }
      last = key
      return value
    }
  }
}

extension PipelineStage {
  /// Goes on with the values for which `isWanted` is true, and drops the others.
  @inlinable @inline(__always)
  public func filter(_ isWanted: @escaping (Output) throws(Failure) -> Bool) -> PipelineStages.Filter<Self> {
    PipelineStages.Filter(self, isWanted)
  }

  /// The same, decided by a handler or a pipeline; a value that it drops is dropped.
  @inlinable @inline(__always)
  public func filter<Condition: PipelineStage>(_ condition: Condition)
    -> PipelineStages.FilterByStage<Self, Condition>
  where Condition.Input == Output, Condition.Output == Bool, Condition.Failure == Failure {
    PipelineStages.FilterByStage(self, condition)
  }

  /// The same with one that does not throw.
  @_disfavoredOverload
  @inlinable @inline(__always)
  public func filter<Condition: PipelineStage>(
    _ condition: Condition
  ) -> PipelineStages.FilterByStage<Self, PipelineStages.Throwing<Condition, Failure>>
  where Condition.Input == Output, Condition.Output == Bool, Condition.Failure == Never {
    PipelineStages.FilterByStage(self, PipelineStages.Throwing(condition))
  }

  /// Goes on with the values that meet a condition. The others are given to `otherwise`, which may throw, and are dropped.
  @inlinable @inline(__always)
  public func `guard`(
    _ condition: @escaping (Output) throws(Failure) -> Bool,
    else otherwise: @escaping (Output) throws(Failure) -> Void
  ) -> PipelineStages.Filter<Self> {
    PipelineStages.Filter(self, condition, otherwise: otherwise)
  }

  /// The same, decided by a handler or a pipeline.
  @inlinable @inline(__always)
  public func `guard`<Condition: PipelineStage>(
    _ condition: Condition, else otherwise: @escaping (Output) throws(Failure) -> Void
  ) -> PipelineStages.FilterByStage<Self, Condition>
  where Condition.Input == Output, Condition.Output == Bool, Condition.Failure == Failure {
    PipelineStages.FilterByStage(self, condition, otherwise: otherwise)
  }

  /// The same with one that does not throw.
  @_disfavoredOverload
  @inlinable @inline(__always)
  public func `guard`<Condition: PipelineStage>(
    _ condition: Condition, else otherwise: @escaping (Output) throws(Failure) -> Void
  ) -> PipelineStages.FilterByStage<Self, PipelineStages.Throwing<Condition, Failure>>
  where Condition.Input == Output, Condition.Output == Bool, Condition.Failure == Never {
    PipelineStages.FilterByStage(self, PipelineStages.Throwing(condition), otherwise: otherwise)
  }

  /// Drops a value that equals the one before it; the first always goes on.
  @inlinable @inline(__always)
  public func dedup() -> PipelineStages.Dedup<Self> where Output: Equatable { PipelineStages.Dedup(self) }

  /// Drops a value whose `key` equals that of the one before it.
  @inlinable @inline(__always)
  public func dedup<Key: Equatable>(
    by key: @escaping (Output) -> Key
  ) -> PipelineStages.DedupByKey<Self, Key> {
    PipelineStages.DedupByKey(self, key)
  }
}
