// Steps that turn a value into another: map, compactMap, unwrap, then.

extension PipelineStages {
  public struct Map<Base: PipelineStage, Output>: PipelineStage {
    @usableFromInline var base: Base
    @usableFromInline let transform: (Base.Output) throws(Base.Failure) -> Output

    @inlinable @inline(__always)
    init(_ base: Base, _ transform: @escaping (Base.Output) throws(Base.Failure) -> Output) {
      self.base = base
      self.transform = transform
    }

    @inlinable @inline(__always)
    public mutating func process(_ input: Base.Input, in world: inout World) throws(Base.Failure) -> Output? {
      guard let value = try base.process(input, in: &world) else { return nil }
      return try transform(value)
    }
  }

  public struct CompactMap<Base: PipelineStage, Output>: PipelineStage {
    @usableFromInline var base: Base
    @usableFromInline let transform: (Base.Output) throws(Base.Failure) -> Output?

    @inlinable @inline(__always)
    init(_ base: Base, _ transform: @escaping (Base.Output) throws(Base.Failure) -> Output?) {
      self.base = base
      self.transform = transform
    }

    @inlinable @inline(__always)
    public mutating func process(_ input: Base.Input, in world: inout World) throws(Base.Failure) -> Output? {
      guard let value = try base.process(input, in: &world) else { return nil }
      return try transform(value)
    }
  }

  public struct Then<Base: PipelineStage, Next: PipelineStage>: PipelineStage
  where Next.Input == Base.Output, Next.Failure == Base.Failure {
    @usableFromInline var base: Base
    @usableFromInline var next: Next

    @inlinable @inline(__always)
    init(_ base: Base, _ next: Next) {
      self.base = base
      self.next = next
    }

    @inlinable @inline(__always)
    public mutating func process(
      _ input: Base.Input, in world: inout World
    ) throws(Base.Failure) -> Next.Output? {
      guard let value = try base.process(input, in: &world) else { return nil }
      return try next.process(value, in: &world)
    }
  }
}

extension PipelineStage {
  /// Turns each value into another.
  @inlinable @inline(__always)
  public func map<Value>(_ transform: @escaping (Output) throws(Failure) -> Value)
    -> PipelineStages.Map<Self, Value>
  {
    PipelineStages.Map(self, transform)
  }

  /// Turns each value into another, or drops it: nil.
  @inlinable @inline(__always)
  public func compactMap<Value>(
    _ transform: @escaping (Output) throws(Failure) -> Value?
  ) -> PipelineStages.CompactMap<Self, Value> {
    PipelineStages.CompactMap(self, transform)
  }

  /// Drops nil, and goes on with the values of the others.
  @inlinable @inline(__always)
  public func unwrap<Value>() -> PipelineStages.CompactMap<Self, Value> where Output == Value? {
    compactMap { $0 }
  }

  /// Puts `value` in the place of nil.
  @inlinable @inline(__always)
  public func unwrap<Value>(or value: @autoclosure @escaping () -> Value) -> PipelineStages.Map<Self, Value>
  where Output == Value? {
    map { $0 ?? value() }
  }

  /// Goes on with a handler or another pipeline, which gets what comes out of this one.
  @inlinable @inline(__always)
  public func then<Next: PipelineStage>(_ next: Next) -> PipelineStages.Then<Self, Next>
  where Next.Input == Output, Next.Failure == Failure {
    PipelineStages.Then(self, next)
  }

  /// The same with one that does not throw.
  @_disfavoredOverload
  @inlinable @inline(__always)
  public func then<Next: PipelineStage>(_ next: Next)
    -> PipelineStages.Then<Self, PipelineStages.Throwing<Next, Failure>>
  where Next.Input == Output, Next.Failure == Never {
    PipelineStages.Then(self, PipelineStages.Throwing(next))
  }
}
