// Spawning from inside the runtime: a closure, and up to two values that are moved into the task.

public import CNexus

/// Starts a task of this runtime.
///
/// The task runs on this thread, once the caller suspends, and may capture values that are not Sendable. Do not give
/// the closure a capture list: the compiler would then make it an ordinary nonisolated closure, which is slower;
/// move values in by argument instead (`spawnBoxed(tx) { tx in ... }`).
///
/// - Parameter isolation: The caller's; leave it out. It tells the compiler that what the closure captures belongs to the
///   runtime's tasks from now on: to send it to another thread as well is an error. A synchronous function that
///   is not isolated has none to tell, and there the compiler does not see that misuse.
/// - Returns: The task's handle; dropping it detaches the task.
/// - Complexity: O(1). Once the runtime has run as many tasks at a time before, nothing is allocated but what the
///   closure's captures need. Traps outside a runtime.
@discardableResult
@inlinable
public func spawnBoxed<Success: ~Copyable>(
  isolation: isolated (any Actor)? = #isolation,
  _ body: nonisolated(nonsending) @escaping () async throws -> Success
) -> JoinHandle<Success> {
  typealias Closure = nonisolated(nonsending) () async throws -> Success
  let loop = unsafe LoopState.current(for: "spawnBoxed")
  let layout = BodyLayout(Success.self, Void.self, Void.self)
  let block = unsafe loop.pointee.bodyPool.take(layout)
  unsafe (block + layout.closure).bindMemory(to: Closure.self, capacity: 1).initialize(to: body)
  let made = unsafe makeBody(in: block, layout, loop, argumentCount: 0, Success.self) { body in
    let block = UnsafeMutableRawPointer(body)
    let layout = BodyLayout(Success.self, Void.self, Void.self)
    let closure = unsafe (block + layout.closure).assumingMemoryBound(to: Closure.self).pointee
    do {
      let value = try await closure()
      unsafe TaskBody.succeed(body, value)
    } catch {
      unsafe TaskBody.fail(body, error)
    }
  }
  unsafe LoopState.start(made, loop)
  return unsafe JoinHandle(made)
}

/// Starts a task of this runtime that a value is moved into: the task owns it, and drops it when its closure ends.
///
/// As `spawnBoxed(_:)` otherwise.
@discardableResult
@inlinable
public func spawnBoxed<A: ~Copyable, Success: ~Copyable>(
  _ argument: consuming A,
  isolation: isolated (any Actor)? = #isolation,
  _ body: nonisolated(nonsending) @escaping (consuming A) async throws -> Success
) -> JoinHandle<Success> {
  typealias Closure = nonisolated(nonsending) (consuming A) async throws -> Success
  let loop = unsafe LoopState.current(for: "spawnBoxed")
  let layout = BodyLayout(Success.self, A.self, Void.self)
  let block = unsafe loop.pointee.bodyPool.take(layout)
  unsafe (block + layout.closure).bindMemory(to: Closure.self, capacity: 1).initialize(to: body)
  unsafe (block + layout.first).bindMemory(to: A.self, capacity: 1).initialize(to: argument)
  let made = unsafe makeBody(in: block, layout, loop, argumentCount: 1, Success.self) { body in
    let block = UnsafeMutableRawPointer(body)
    let layout = BodyLayout(Success.self, A.self, Void.self)
    let closure = unsafe (block + layout.closure).assumingMemoryBound(to: Closure.self).pointee
    do {
      let value = unsafe try await closure((block + layout.first).assumingMemoryBound(to: A.self).move())
      unsafe TaskBody.succeed(body, value)
    } catch {
      unsafe TaskBody.fail(body, error)
    }
  }
  unsafe LoopState.start(made, loop)
  return unsafe JoinHandle(made)
}

/// Starts a task of this runtime that two values are moved into.
///
/// As `spawnBoxed(_:)` otherwise.
@discardableResult
@inlinable
public func spawnBoxed<A: ~Copyable, B: ~Copyable, Success: ~Copyable>(
  _ first: consuming A, _ second: consuming B,
  isolation: isolated (any Actor)? = #isolation,
  _ body: nonisolated(nonsending) @escaping (consuming A, consuming B) async throws -> Success
) -> JoinHandle<Success> {
  typealias Closure = nonisolated(nonsending) (consuming A, consuming B) async throws -> Success
  let loop = unsafe LoopState.current(for: "spawnBoxed")
  let layout = BodyLayout(Success.self, A.self, B.self)
  let block = unsafe loop.pointee.bodyPool.take(layout)
  unsafe (block + layout.closure).bindMemory(to: Closure.self, capacity: 1).initialize(to: body)
  unsafe (block + layout.first).bindMemory(to: A.self, capacity: 1).initialize(to: first)
  unsafe (block + layout.second).bindMemory(to: B.self, capacity: 1).initialize(to: second)
  let made = unsafe makeBody(in: block, layout, loop, argumentCount: 2, Success.self) { body in
    let block = UnsafeMutableRawPointer(body)
    let layout = BodyLayout(Success.self, A.self, B.self)
    let closure = unsafe (block + layout.closure).assumingMemoryBound(to: Closure.self).pointee
    do {
      let value = unsafe try await closure(
        (block + layout.first).assumingMemoryBound(to: A.self).move(),
        (block + layout.second).assumingMemoryBound(to: B.self).move())
      unsafe TaskBody.succeed(body, value)
    } catch {
      unsafe TaskBody.fail(body, error)
    }
  }
  unsafe LoopState.start(made, loop)
  return unsafe JoinHandle(made)
}

/// Makes the header of a block whose closure and arguments are in place.
@inlinable @inline(__always)
func makeBody<Success: ~Copyable>(
  in block: UnsafeMutableRawPointer, _ layout: BodyLayout, _ loop: LoopPointer, argumentCount: UInt32,
  _ type: Success.Type, runPortably: nonisolated(nonsending) @escaping (BodyPointer) async -> Void
) -> BodyPointer {
  let body = unsafe block.bindMemory(to: TaskBody.self, capacity: 1)
  // Sound: a closure in memory is its function and its context, whatever its type.
  let words = unsafe (block + layout.closure).assumingMemoryBound(
    to: (UnsafeRawPointer?, UnsafeMutableRawPointer?).self)
  let call = unsafe nexus_body_call(
    function: words.pointee.0, context: words.pointee.1, result: block + layout.result,
    arguments: (block + layout.first, block + layout.second), argument_count: argumentCount)
  unsafe body.initialize(
    to: TaskBody(
      call: call, isPooled: layout.size <= BodyPool.size && layout.alignment <= BodyPool.alignment,
      threadID: loop.pointee.threadID, runPortably: runPortably,
      destroyResult: _isPOD(Success.self)
        ? nil : { unsafe $0.assumingMemoryBound(to: Success.self).deinitialize(count: 1) }))
  return unsafe body
}

extension TaskBody {
  @inlinable
  static func succeed<Success: ~Copyable>(_ body: BodyPointer, _ value: consuming Success) {
    unsafe body.pointee.call.result.bindMemory(to: Success.self, capacity: 1).initialize(to: value)
    unsafe body.pointee.outcome = .success
  }

  @usableFromInline
  static func fail(_ body: BodyPointer, _ error: any Error) {
    unsafe body.pointee.error = error
    unsafe body.pointee.outcome = .failure
  }
}
