// Many tasks whose results are wanted as they come.

/// A set of tasks that were spawned together. Dropping it cancels those that still run, and lets them go.
///
/// ```swift
/// var set = JoinSet<Int>()
/// for feed in feeds { set.spawn(feed) { feed in try await feed.count() } }
/// while let count = try await set.next() { total += count }
/// ```
///
/// Belongs to the tasks of one runtime, one of which at a time uses it.
public struct JoinSet<Success: ~Copyable>: ~Copyable {
  @usableFromInline let members = JoinSetMembers<Success>()

  /// An empty set.
  @inlinable
  public init() {}

  deinit { members.letAllGo() }

  /// Starts a task as `spawnBoxed`, and adds it to the set.
  ///
  /// - Returns: The task's number, to cancel it by.
  /// - Complexity: O(1); allocates a closure, and room for the handle when the set is larger than it ever was.
  @discardableResult
  @inlinable
  public mutating func spawn(
    name: StaticString? = nil,
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) -> TaskRef {
    let members = members
    let place = members.reservePlace()
    return members.put(
      spawnBoxed(name: name) {
        defer { members.ended(place) }
        return try await body()
      }, at: place)
  }

  /// Starts a task that a value is moved into, and adds it to the set.
  @discardableResult
  @inlinable
  public mutating func spawn<A: ~Copyable>(
    _ argument: consuming A,
    name: StaticString? = nil,
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) @escaping (consuming A) async throws -> Success
  ) -> TaskRef {
    let members = members
    let place = members.reservePlace()
    return members.put(
      spawnBoxed(argument, name: name) { argument in
        defer { members.ended(place) }
        return try await body(argument)
      }, at: place)
  }

  /// Waits until a task of the set ends, in the order in which they end, takes it out of the set and gives its value.
  ///
  /// - Returns: nil once the set is empty.
  /// - Throws: The error of the task that ended: that task is out of the set then, and the others go on.
  ///   `CancellationError` if the caller is cancelled while it waits: no task leaves the set then. To tell the two apart
  ///   where tasks are cancelled too, ask `isCancelled()`.
  /// - Complexity: O(1), no allocation.
  nonisolated(nonsending) public mutating func next() async throws -> Success? {
    while true {
      if let handle = members.takeEnded() {
        // Its last step is still to come if it ended just now: that takes no waiting for anything else.
        while !handle.isFinished { await yield() }
        return try handle.taken()
      }
      if members.count == 0 { return nil }
      let wait = Wait(for: "JoinSet.next()")
      members.waiter = wait.token
      let wasWoken = await wait.suspend()
      members.waiter = .none
      if !wasWoken && !members.hasEnded { throw CancellationError() }
    }
  }

  /// Waits until all tasks have ended; their values are dropped.
  ///
  /// - Throws: The first error of a task, after all have ended; `CancellationError` if the caller is cancelled meanwhile.
  nonisolated(nonsending) public mutating func waitForAll() async throws {
    var first: (any Error)?
    while true {
      do {
        if try await next() == nil { break }
      } catch {
        if isCancelled() { throw CancellationError() }
        if first == nil { first = error }
      }
    }
    if let first { throw first }
  }

  /// Cancels all tasks of the set. They stay in it, to be waited for.
  public mutating func cancelAll() { members.cancelAll() }

  /// Tasks in the set: those that run, and those whose end was not yet taken out.
  @inlinable public var count: Int { members.count }

  @inlinable public var isEmpty: Bool { members.count == 0 }
}

/// The handles of a set, and which of its tasks have ended. Shared with the tasks, which tell their end.
@usableFromInline
@safe final class JoinSetMembers<Success: ~Copyable> {
  /// Handles of the tasks; those whose place is in `free` are not initialised.
  private var handles: UnsafeMutablePointer<JoinHandle<Success>>
  private var capacity = 0
  private var isTaken: [Bool] = []
  private var free: [Int] = []
  /// Places of tasks that have ended, the first first; those before `next` were taken.
  private var ended: [Int] = []
  private var next = 0
  @usableFromInline private(set) var count = 0
  var waiter = WakeToken.none

  @usableFromInline
  init() { unsafe handles = .allocate(capacity: 0) }

  // The set has let all go.
  deinit { unsafe handles.deallocate() }

  @usableFromInline
  func reservePlace() -> Int {
    if let place = free.popLast() { return place }
    grow()
    return free.removeLast()
  }

  @usableFromInline
  func put(_ handle: consuming JoinHandle<Success>, at place: Int) -> TaskRef {
    let ref = handle.ref
    unsafe (handles + place).initialize(to: handle)
    isTaken[place] = true
    count += 1
    return ref
  }

  /// Called by a task as the last thing its body does.
  @usableFromInline
  func ended(_ place: Int) {
    ended.append(place)
    let token = waiter
    waiter = .none
    token.wake()
  }

  var hasEnded: Bool { next < ended.count }

  func takeEnded() -> JoinHandle<Success>? {
    guard hasEnded else { return nil }
    let place = ended[next]
    next += 1
    if next == ended.count {
      ended.removeAll(keepingCapacity: true)
      next = 0
    }
    return take(place)
  }

  func cancelAll() {
    for place in 0..<capacity where isTaken[place] { unsafe handles[place].cancel() }
  }

  /// Cancels all, and drops their handles.
  @usableFromInline
  func letAllGo() {
    for place in 0..<capacity where isTaken[place] {
      let handle = take(place)
      handle.cancel()
    }
  }

  private func take(_ place: Int) -> JoinHandle<Success> {
    isTaken[place] = false
    free.append(place)
    count -= 1
    return unsafe (handles + place).move()
  }

  private func grow() {
    let larger = max(8, capacity * 2)
    let moved = UnsafeMutablePointer<JoinHandle<Success>>.allocate(capacity: larger)
    for place in 0..<capacity where isTaken[place] {
      unsafe (moved + place).moveInitialize(from: handles + place, count: 1)
    }
    unsafe handles.deallocate()
    unsafe handles = unsafe moved
    free.append(contentsOf: (capacity..<larger).reversed())
    isTaken.append(contentsOf: repeatElement(false, count: larger - capacity))
    capacity = larger
  }
}
