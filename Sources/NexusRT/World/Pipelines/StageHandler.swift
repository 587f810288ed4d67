// A pipeline as a handler, to be kept in a variable, an array or a task without its long type.

/// A stage, kept by the handlers that run it.
///
/// Sound: `stage` is changed by one `run` at a time: a stage is given the world and could run the handler it is part of, which
/// `isRunning` refuses.
@usableFromInline
@safe final class StageOwner<Owned: PipelineStage>: HandlerOwner {
  @usableFromInline let stage: UnsafeMutablePointer<Owned>
  @usableFromInline let isRunning: UnsafeMutablePointer<Bool>

  @usableFromInline
  init(_ owned: Owned) {
    unsafe stage = .allocate(capacity: 1)
    unsafe stage.initialize(to: owned)
    unsafe isRunning = .allocate(capacity: 1)
    unsafe isRunning.initialize(to: false)
  }

  deinit {
    unsafe stage.deinitialize(count: 1)
    unsafe stage.deallocate()
    unsafe isRunning.deallocate()
  }

  @inlinable @inline(__always)
  func run(_ input: Owned.Input, in world: inout World) throws(Owned.Failure) -> Owned.Output? {
    require(
      unsafe !isRunning.pointee,
      "NexusRT: a pipeline was run by one of its own steps: let the step return the event, and run it afterwards"
    )
    unsafe isRunning.pointee = true
    defer { unsafe isRunning.pointee = false }
    return unsafe try stage.pointee.process(input, in: &world)
  }
}

extension PipelineStage {
  /// A handler that sends its events through a copy of this pipeline. Copies of the handler share that copy.
  ///
  /// Calling this again stamps another, with a state of its own, without looking anything up.
  @inlinable @inline(__always)
  public func handler() -> Handler<Input, Output?, Failure> {
    let owner = StageOwner(self)
    return unsafe Handler(.none, owner: owner) { input, _, world throws(Failure) in
      try owner.run(copy input, in: &world)
    }
  }
}

extension PipelineStage where Output == Void {
  /// The same for a pipeline that gives nothing but says nothing of what it dropped either: a handler like any other without output.
  @inlinable @inline(__always)
  public func handler() -> Handler<Input, Void, Failure> {
    let owner = StageOwner(self)
    return unsafe Handler(.none, owner: owner) { input, _, world throws(Failure) in
      _ = try owner.run(copy input, in: &world)
    }
  }
}
