// Filling a block with a body and starting it: specialised where a task is spawned, so that a spawn looks up no metadata.

public import CNexus

/// Whose blocks a body lies in.
@usableFromInline
enum BlockOwner {
  /// A list of the pool for its size, or nobody's.
  case own
  /// The slab's.
  case slab
}

extension TaskBody {
  @inlinable @inline(__always)
  static func spawn<Success: ~Copyable>(
    in block: UnsafeMutableRawPointer, _ owner: BlockOwner, _ name: StaticString?, _ loop: LoopPointer,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) -> JoinHandle<Success> {
    typealias Closure = nonisolated(nonsending) () async throws -> Success
    let layout = BodyLayout(Success.self, Void.self, Void.self)
    unsafe block.bindMemory(to: Closure.self, capacity: 1).initialize(to: body)
    let made = unsafe make(in: block, owner, name, layout, loop, argumentCount: 0, Success.self) { body in
      let block = UnsafeMutableRawPointer(body)
      let closure = unsafe block.assumingMemoryBound(to: Closure.self).pointee
      do {
        let value = try await closure()
        unsafe succeed(body, value)
      } catch {
        unsafe fail(body, error)
      }
    }
    unsafe LoopState.start(made, loop)
    return unsafe JoinHandle(made)
  }

  @inlinable @inline(__always)
  static func spawn<A: ~Copyable, Success: ~Copyable>(
    _ argument: consuming A,
    in block: UnsafeMutableRawPointer, _ owner: BlockOwner, _ name: StaticString?, _ loop: LoopPointer,
    _ body: nonisolated(nonsending) @escaping (consuming A) async throws -> Success
  ) -> JoinHandle<Success> {
    typealias Closure = nonisolated(nonsending) (consuming A) async throws -> Success
    let layout = BodyLayout(Success.self, A.self, Void.self)
    unsafe block.bindMemory(to: Closure.self, capacity: 1).initialize(to: body)
    unsafe (block + layout.first).bindMemory(to: A.self, capacity: 1).initialize(to: argument)
    let made = unsafe make(in: block, owner, name, layout, loop, argumentCount: 1, Success.self) { body in
      let block = UnsafeMutableRawPointer(body)
      let layout = BodyLayout(Success.self, A.self, Void.self)
      let closure = unsafe block.assumingMemoryBound(to: Closure.self).pointee
      do {
        let value = unsafe try await closure((block + layout.first).assumingMemoryBound(to: A.self).move())
        unsafe succeed(body, value)
      } catch {
        unsafe fail(body, error)
      }
    }
    unsafe LoopState.start(made, loop)
    return unsafe JoinHandle(made)
  }

  @inlinable @inline(__always)
  static func spawn<A: ~Copyable, B: ~Copyable, Success: ~Copyable>(
    _ first: consuming A, _ second: consuming B,
    in block: UnsafeMutableRawPointer, _ owner: BlockOwner, _ name: StaticString?, _ loop: LoopPointer,
    _ body: nonisolated(nonsending) @escaping (consuming A, consuming B) async throws -> Success
  ) -> JoinHandle<Success> {
    typealias Closure = nonisolated(nonsending) (consuming A, consuming B) async throws -> Success
    let layout = BodyLayout(Success.self, A.self, B.self)
    unsafe block.bindMemory(to: Closure.self, capacity: 1).initialize(to: body)
    unsafe (block + layout.first).bindMemory(to: A.self, capacity: 1).initialize(to: first)
    unsafe (block + layout.second).bindMemory(to: B.self, capacity: 1).initialize(to: second)
    let made = unsafe make(in: block, owner, name, layout, loop, argumentCount: 2, Success.self) { body in
      let block = UnsafeMutableRawPointer(body)
      let layout = BodyLayout(Success.self, A.self, B.self)
      let closure = unsafe block.assumingMemoryBound(to: Closure.self).pointee
      do {
        let value = unsafe try await closure(
          (block + layout.first).assumingMemoryBound(to: A.self).move(),
          (block + layout.second).assumingMemoryBound(to: B.self).move())
        unsafe succeed(body, value)
      } catch {
        unsafe fail(body, error)
      }
    }
    unsafe LoopState.start(made, loop)
    return unsafe JoinHandle(made)
  }

  /// Makes the header of a block whose closure and arguments are in place.
  @inlinable @inline(__always)
  static func make<Success: ~Copyable>(
    in block: UnsafeMutableRawPointer, _ owner: BlockOwner, _ name: StaticString?, _ layout: BodyLayout,
    _ loop: LoopPointer, argumentCount: UInt32, _ type: Success.Type,
    runPortably: nonisolated(nonsending) @escaping (BodyPointer) async -> Void
  ) -> BodyPointer {
    // Sound: a closure in memory is its function and its context, whatever its type.
    let words = unsafe block.assumingMemoryBound(to: (UnsafeRawPointer?, UnsafeMutableRawPointer?).self)
    let call = unsafe nexus_body_call(
      function: words.pointee.0, context: words.pointee.1, result: UInt32(layout.result),
      arguments: (UInt32(layout.first), UInt32(layout.second)), argument_count: argumentCount)
    let list = owner == .slab ? BodyPool.slabList : layout.poolList
    let body = unsafe block.bindMemory(to: TaskBody.self, capacity: 1)
    unsafe body.initialize(
      to: TaskBody(
        call: call, poolList: list, threadID: loop.pointee.threadID, serial: loop.pointee.nextSerial(),
        name: name.map { unsafe $0.utf8Start }, runPortably: runPortably,
        destroyResult: _isPOD(Success.self)
          ? nil : { unsafe $0.assumingMemoryBound(to: Success.self).deinitialize(count: 1) }))
    return unsafe body
  }

  @inlinable
  static func succeed<Success: ~Copyable>(_ body: BodyPointer, _ value: consuming Success) {
    unsafe result(of: body).bindMemory(to: Success.self, capacity: 1).initialize(to: value)
    unsafe body.pointee.outcome = .success
  }

  @usableFromInline
  static func fail(_ body: BodyPointer, _ error: any Error) {
    unsafe body.pointee.error = error
    unsafe body.pointee.outcome = .failure
  }
}
