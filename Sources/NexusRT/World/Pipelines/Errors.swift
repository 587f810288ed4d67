// Steps for what others threw: throwing, mapError, inspectError, catch, recover, result; and for what they dropped: orElse.

extension PipelineStages {
  /// A stage that does not throw, as one that might.
  public struct Throwing<Base: PipelineStage, Failure: Error>: PipelineStage where Base.Failure == Never {
    @usableFromInline var base: Base

    @inlinable @inline(__always)
    init(_ base: Base) { self.base = base }

    @inlinable @inline(__always)
    public mutating func process(_ input: Base.Input, in world: inout World) throws(Failure) -> Base.Output? {
      base.process(input, in: &world)
    }
  }

  /// Turns an error into another, or throws it as it is after a look.
  public struct MapError<Base: PipelineStage, Failure: Error>: PipelineStage {
    @usableFromInline var base: Base
    @usableFromInline let transform: (Base.Failure) -> Failure

    @inlinable @inline(__always)
    init(_ base: Base, _ transform: @escaping (Base.Failure) -> Failure) {
      self.base = base
      self.transform = transform
    }

    @inlinable @inline(__always)
    public mutating func process(_ input: Base.Input, in world: inout World) throws(Failure) -> Base.Output? {
      do throws(Base.Failure) {
        return try base.process(input, in: &world)
      } catch {
        throw transform(error)
      }
    }
  }

  /// Puts a value in the place of an error, or drops the event.
  public struct Catch<Base: PipelineStage>: PipelineStage {
    @usableFromInline var base: Base
    @usableFromInline let recover: (Base.Failure) -> Base.Output?

    @inlinable @inline(__always)
    init(_ base: Base, _ recover: @escaping (Base.Failure) -> Base.Output?) {
      self.base = base
      self.recover = recover
    }

    @inlinable @inline(__always)
    public mutating func process(_ input: Base.Input, in world: inout World) -> Base.Output? {
      do throws(Base.Failure) {
        return try base.process(input, in: &world)
      } catch {
        return recover(error)
      }
    }
  }

  /// Sends an error down a branch of its own.
  public struct CatchByStage<Base: PipelineStage, Handler: PipelineStage>: PipelineStage
  where Handler.Input == Base.Failure, Handler.Output == Base.Output? {
    @usableFromInline var base: Base
    @usableFromInline var handler: Handler

    @inlinable @inline(__always)
    init(_ base: Base, _ handler: Handler) {
      self.base = base
      self.handler = handler
    }

    @inlinable @inline(__always)
    public mutating func process(
      _ input: Base.Input, in world: inout World
    ) throws(Handler.Failure) -> Base.Output? {
      let failure: Base.Failure
      do throws(Base.Failure) {
        return try base.process(input, in: &world)
      } catch {
        failure = error
      }
      return try handler.process(failure, in: &world) ?? nil
    }
  }

  /// Success and failure as a value.
  public struct Results<Base: PipelineStage>: PipelineStage {
    @usableFromInline var base: Base

    @inlinable @inline(__always)
    init(_ base: Base) { self.base = base }

    @inlinable @inline(__always)
    public mutating func process(
      _ input: Base.Input, in world: inout World
    ) -> Result<Base.Output, Base.Failure>? {
      do throws(Base.Failure) {
        return try base.process(input, in: &world).map { .success($0) }
      } catch {
        return .failure(error)
      }
    }
  }

  /// Puts a value in the place of an event that was dropped.
  public struct OrElse<Base: PipelineStage>: PipelineStage {
    @usableFromInline var base: Base
    @usableFromInline let body: (Base.Input) throws(Base.Failure) -> Base.Output?

    @inlinable @inline(__always)
    init(_ base: Base, _ body: @escaping (Base.Input) throws(Base.Failure) -> Base.Output?) {
      self.base = base
      self.body = body
    }

    @inlinable @inline(__always)
    public mutating func process(
      _ input: Base.Input, in world: inout World
    ) throws(Base.Failure) -> Base.Output? {
      if let value = try base.process(input, in: &world) { return value }
      return try body(input)
    }
  }
}

extension PipelineStage {
  /// Turns the errors of all steps before this one into others.
  @inlinable @inline(__always)
  public func mapError<NewFailure: Error>(
    _ transform: @escaping (Failure) -> NewFailure
  ) -> PipelineStages.MapError<Self, NewFailure> {
    PipelineStages.MapError(self, transform)
  }

  /// Shows each error of the steps before this one to `body`, and lets it go on.
  @inlinable @inline(__always)
  public func inspectError(_ body: @escaping (Failure) -> Void) -> PipelineStages.MapError<Self, Failure> {
    PipelineStages.MapError(self) { error in
      body(error)
      return error
    }
  }

  /// Gives the errors of all steps before this one to `body`; the event goes no further. From here on nothing has been thrown.
  @inlinable @inline(__always)
  public func `catch`(_ body: @escaping (Failure) -> Void) -> PipelineStages.Catch<Self> {
    PipelineStages.Catch(self) { error in
      body(error)
      return nil
    }
  }

  /// Puts what `body` returns in the place of an error; nil drops the event. From here on nothing has been thrown.
  @inlinable @inline(__always)
  public func recover(_ body: @escaping (Failure) -> Output?) -> PipelineStages.Catch<Self> {
    PipelineStages.Catch(self, body)
  }

  /// The same by a handler or a pipeline, which may use resources.
  @inlinable @inline(__always)
  public func recover<Branch: PipelineStage>(_ branch: Branch) -> PipelineStages.CatchByStage<Self, Branch>
  where Branch.Input == Failure, Branch.Output == Output? {
    PipelineStages.CatchByStage(self, branch)
  }

  /// Goes on with results: what was thrown is a value from here on.
  @inlinable @inline(__always)
  public func result() -> PipelineStages.Results<Self> { PipelineStages.Results(self) }

  /// Takes results apart: goes on with a success, throws a failure.
  @inlinable @inline(__always)
  public func unwrap<Value>() -> PipelineStages.Map<Self, Value> where Output == Result<Value, Failure> {
    map { (result) throws(Failure) in try result.get() }
  }

  /// Puts what `body` returns for the event in the place of one that the steps before this dropped; nil leaves it dropped.
  @inlinable @inline(__always)
  public func orElse(_ body: @escaping (Input) throws(Failure) -> Output?) -> PipelineStages.OrElse<Self> {
    PipelineStages.OrElse(self, body)
  }
}

extension PipelineStage where Failure == Never {
  /// From here on steps may throw `failure`.
  @inlinable @inline(__always)
  public func throwing<NewFailure: Error>(_ failure: NewFailure.Type)
    -> PipelineStages.Throwing<Self, NewFailure>
  {
    PipelineStages.Throwing(self)
  }
}
