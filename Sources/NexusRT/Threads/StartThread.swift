// A plain thread that a noncopyable value is moved into: a channel's end, above all. A closure that may run later cannot
// consume what it captured, so the value is an argument, as it is for spawnBoxed.

internal import CNexus
internal import Glibc

/// Starts a plain thread, outside of every runtime, that a value is moved into: the thread owns it, and drops it when `body`
/// ends.
///
/// ```swift
/// let thread = startThread(ends.sender) { sender in
///   var sender = sender
///   for number in 0..<10 { try sender.sendBlocking(number) }
/// }
/// ```
///
/// `body` may make a runtime of its own on the thread.
///
/// - Parameter cpu: The core the thread is bound to, one of `availableCPUs()`; nil leaves that to the kernel.
/// - Returns: The thread's handle; dropping it lets the thread run on by itself.
/// - Complexity: That of `pthread_create`, some 20 us. Any thread. Traps if the system refuses another thread, or one on that
///   core.
@discardableResult
public func startThread<Argument: ~Copyable & Sendable, Success: Sendable, Failure: Error>(
  _ argument: consuming Argument, cpu: Int? = nil,
  _ body: @escaping @Sendable (consuming Argument) throws(Failure) -> Success
) -> ThreadHandle<Success, Failure> {
  let work = ThreadWorkWith(argument, body)
  var thread = pthread_t()
  let start = unsafe Unmanaged<AnyThreadWork>.passRetained(work)
  let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
    // Sound: the context is the retained work, taken once.
    unsafe Unmanaged<AnyThreadWork>.fromOpaque(context!).takeRetainedValue().run()
    return nil
  }
  if let cpu {
    let refused = unsafe nexus_cpu_start_thread(&thread, Int32(clamping: cpu), run, start.toOpaque())
    require(
      refused == 0, "NexusRT: startThread was refused a thread on cpu \(cpu): \(describe(errno: refused))")
    return ThreadHandle(thread: UInt(thread), work: work)
  }
  let refused = unsafe pthread_create(&thread, nil, run, start.toOpaque())
  require(refused == 0, "NexusRT: startThread was refused a thread: \(describe(errno: refused))")
  return ThreadHandle(thread: UInt(thread), work: work)
}

/// A thread that `startThread` started, and its result. Any one thread may wait for it.
///
/// Dropping the handle lets the thread run on; its result is dropped when it ends.
public struct ThreadHandle<Success: Sendable, Failure: Error>: ~Copyable, Sendable {
  /// Zero once it was joined.
  var thread: UInt
  let work: ThreadWork<Success, Failure>

  deinit { if thread != 0 { pthread_detach(pthread_t(thread)) } }

  /// Waits until the thread has ended, and gives its value or throws its error. Blocks the calling thread.
  ///
  /// Traps in a task, whose runtime it would block: there let the thread send its result into a `Oneshot`.
  public consuming func join() throws(Failure) -> Success {
    require(
      unsafe !(LoopState.ofThisThread?.pointee.isRunning ?? false),
      "NexusRT: a thread was joined in a task, whose runtime that would block: join it after blockOn")
    let refused = pthread_join(pthread_t(thread), nil)
    thread = 0
    require(refused == 0, "NexusRT: a thread could not be joined: \(describe(errno: refused))")
    return try work.result!.get()
  }
}

/// What a thread runs, as the one function sees it that all threads start with.
class AnyThreadWork {
  func run() {}
}

/// Unchecked: `result` is written by the thread, and read by whoever has joined it.
class ThreadWork<Success: Sendable, Failure: Error>: AnyThreadWork, @unchecked Sendable {
  var result: Result<Success, Failure>?
}

private final class ThreadWorkWith<
  Argument: ~Copyable & Sendable, Success: Sendable, Failure: Error
>: ThreadWork<Success, Failure>, @unchecked Sendable {
  private var argument: Argument?
  private let body: @Sendable (consuming Argument) throws(Failure) -> Success

  init(
    _ argument: consuming Argument,
    _ body: @escaping @Sendable (consuming Argument) throws(Failure) -> Success
  ) {
    self.argument = consume argument
    self.body = body
  }

  override func run() {
    guard let argument = argument.take() else { return }
    do throws(Failure) {
      result = .success(try body(argument))
    } catch {
      result = .failure(error)
    }
  }
}
