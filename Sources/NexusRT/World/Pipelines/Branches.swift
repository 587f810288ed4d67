// Steps with a branch: tap, tee, scan, route.

extension PipelineStages {
  /// Looks at each value and hands it on.
  public struct Tap<Base: PipelineStage>: PipelineStage {
    @usableFromInline var base: Base
    @usableFromInline let body: (Base.Output) throws(Base.Failure) -> Void

    @inlinable @inline(__always)
    init(_ base: Base, _ body: @escaping (Base.Output) throws(Base.Failure) -> Void) {
      self.base = base
      self.body = body
    }

    @inlinable @inline(__always)
    public mutating func process(
      _ input: Base.Input, in world: inout World
    ) throws(Base.Failure) -> Base.Output? {
      guard let value = try base.process(input, in: &world) else { return nil }
      try body(value)
      return value
    }
  }

  /// Sends each value through a side branch, and hands it on.
  public struct Tee<Base: PipelineStage, Side: PipelineStage>: PipelineStage
  where Side.Input == Base.Output, Side.Failure == Base.Failure {
    @usableFromInline var base: Base
    @usableFromInline var side: Side

    @inlinable @inline(__always)
    init(_ base: Base, _ side: Side) {
      self.base = base
      self.side = side
    }

    @inlinable @inline(__always)
    public mutating func process(
      _ input: Base.Input, in world: inout World
    ) throws(Base.Failure) -> Base.Output? {
      guard let value = try base.process(input, in: &world) else { return nil }
      _ = try side.process(value, in: &world)
      return value
    }
  }

  /// Turns each value into another, and remembers.
  public struct Scan<Base: PipelineStage, State, Output>: PipelineStage {
    @usableFromInline var base: Base
    @usableFromInline var state: State
    @usableFromInline let body: (inout State, Base.Output) throws(Base.Failure) -> Output

    @inlinable @inline(__always)
    init(
      _ base: Base, _ state: State,
      _ body: @escaping (inout State, Base.Output) throws(Base.Failure) -> Output
    ) {
      self.base = base
      self.state = state
      self.body = body
    }

    @inlinable @inline(__always)
    public mutating func process(_ input: Base.Input, in world: inout World) throws(Base.Failure) -> Output? {
      guard let value = try base.process(input, in: &world) else { return nil }
      return try body(&state, value)
    }
  }

  /// Sends each value down one of two ways.
  public struct Route<Base: PipelineStage, Arm: PipelineStage, Other: PipelineStage>: PipelineStage
  where
    Arm.Input == Base.Output, Arm.Failure == Base.Failure, Other.Input == Base.Output,
    Other.Failure == Base.Failure, Other.Output == Arm.Output
  {
    @usableFromInline var base: Base
    @usableFromInline let takesArm: (Base.Output) throws(Base.Failure) -> Bool
    @usableFromInline var arm: Arm
    @usableFromInline var other: Other

    @inlinable @inline(__always)
    init(
      _ base: Base, _ takesArm: @escaping (Base.Output) throws(Base.Failure) -> Bool, _ arm: Arm,
      _ other: Other
    ) {
      self.base = base
      self.takesArm = takesArm
      self.arm = arm
      self.other = other
    }

    @inlinable @inline(__always)
    public mutating func process(
      _ input: Base.Input, in world: inout World
    ) throws(Base.Failure) -> Arm.Output? {
      guard let value = try base.process(input, in: &world) else { return nil }
      return try takesArm(value) ? arm.process(value, in: &world) : other.process(value, in: &world)
    }
  }
}

extension PipelineStage {
  /// Shows each value to `body` and hands it on.
  @inlinable @inline(__always)
  public func tap(_ body: @escaping (Output) throws(Failure) -> Void) -> PipelineStages.Tap<Self> {
    PipelineStages.Tap(self, body)
  }

  /// Sends each value through a side branch first, a handler or a pipeline, and then hands it on, whatever came out of
  /// the branch.
  @inlinable @inline(__always)
  public func tee<Side: PipelineStage>(_ side: Side) -> PipelineStages.Tee<Self, Side>
  where Side.Input == Output, Side.Failure == Failure {
    PipelineStages.Tee(self, side)
  }

  /// The same with one that does not throw.
  @_disfavoredOverload
  @inlinable @inline(__always)
  public func tee<Side: PipelineStage>(_ side: Side)
    -> PipelineStages.Tee<Self, PipelineStages.Throwing<Side, Failure>>
  where Side.Input == Output, Side.Failure == Never {
    PipelineStages.Tee(self, PipelineStages.Throwing(side))
  }

  /// Turns each value into another with the help of a state, which begins as `state` and belongs to this pipeline.
  @inlinable @inline(__always)
  public func scan<State, Value>(
    _ state: State, _ body: @escaping (inout State, Output) throws(Failure) -> Value
  ) -> PipelineStages.Scan<Self, State, Value> {
    PipelineStages.Scan(self, state, body)
  }

  /// Sends each value down one of two ways, handlers or pipelines, which give the same type of output.
  ///
  /// For more than two let `other` be a route itself: `otherwise: Pipeline(of: Order.self).route(when: ...)`.
  @inlinable @inline(__always)
  public func route<Arm: PipelineStage, Other: PipelineStage>(
    when takesArm: @escaping (Output) throws(Failure) -> Bool, to arm: Arm, otherwise other: Other
  ) -> PipelineStages.Route<Self, Arm, Other>
  where
    Arm.Input == Output, Arm.Failure == Failure, Other.Input == Output, Other.Failure == Failure,
    Other.Output == Arm.Output
  {
    PipelineStages.Route(self, takesArm, arm, other)
  }
}
