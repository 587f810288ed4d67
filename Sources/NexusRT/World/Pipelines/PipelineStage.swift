// What pipelines are made of: a step that turns an input into an output, drops it, or throws.

/// One step of a pipeline, or a whole pipeline.
///
/// Handlers are stages, and so is what `map`, `filter` and the other steps of a pipeline return. A type of your own can be one too: its
/// `process` is called without any indirection.
///
/// A stage is a value: what it remembers (`scan`, `dedup`) is copied with it, so that a pipeline is the template of as
/// many as are wanted.
public protocol PipelineStage<Input, Output, Failure> {
  associatedtype Input
  associatedtype Output
  associatedtype Failure: Error

  /// Turns `input` into an output; nil if the event goes no further.
  mutating func process(_ input: Input, in world: inout World) throws(Failure) -> Output?
}

/// What the steps of a pipeline return. Write `some PipelineStage<Order, Void, Never>` rather than these types.
public enum PipelineStages {}

/// The beginning of a pipeline: hands on what it is given.
///
/// ```swift
/// var pipeline = Pipeline(of: Order.self)
///   .filter { $0.quantity > 0 }
///   .then(try world.handler(checkRisk))
///   .map { "\($0)" }
/// let text = pipeline.run(order, in: &world)   // nil if the order was dropped
/// ```
///
/// To use steps that throw, say what they throw: `Pipeline(of: Order.self, throwing: OrderError.self)`.
public struct Pipeline<Event, Failure: Error>: PipelineStage, Sendable {
  /// A pipeline without a step.
  @inlinable
  public init(of event: Event.Type, throwing failure: Failure.Type) {}

  /// A pipeline without a step, none of which throws until `throwing(_:)` says so.
  @inlinable
  public init(of event: Event.Type) where Failure == Never {}

  @inlinable @inline(__always)
  public func process(_ input: Event, in world: inout World) throws(Failure) -> Event? { input }
}

extension Handler: PipelineStage {
  @inlinable @inline(__always)
  public func process(_ input: Event, in world: inout World) throws(Failure) -> Output? {
    try run(input, in: &world)
  }
}

extension PipelineStage {
  /// Sends an event through.
  ///
  /// - Returns: What comes out; nil if a step dropped the event.
  @inlinable @inline(__always)
  @discardableResult
  public mutating func run(_ input: Input, in world: inout World) throws(Failure) -> Output? {
    try process(input, in: &world)
  }

  /// Sends events through, one after the other; ends at the first error.
  ///
  /// - Returns: How many came out.
  @inlinable
  @discardableResult
  public mutating func run(each events: Span<Input>, in world: inout World) throws(Failure) -> Int {
    var count = 0
    for index in events.indices where try process(events[index], in: &world) != nil { count += 1 }
    return count
  }

  /// Sends events through, one after the other, and hands on what comes out; ends at the first error.
  @inlinable
  public mutating func run(
    each events: Span<Input>, in world: inout World, _ body: (Output) throws(Failure) -> Void
  ) throws(Failure) {
    for index in events.indices {
      if let output = try process(events[index], in: &world) { try body(output) }
    }
  }
}
