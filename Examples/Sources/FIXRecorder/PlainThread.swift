internal import Glibc

/// A thread outside the runtime.
enum PlainThread {
  /// Runs `body` on a thread of its own, which gets `value` and which nobody waits for.
  static func start<Value: ~Copyable & Sendable>(
    _ value: consuming Value, _ body: @escaping @Sendable (consuming Value) -> Void
  ) throws(RecorderError) {
    let start = unsafe Unmanaged<Start>.passRetained(StartWith(value, body))
    var thread = pthread_t()
    let refused = unsafe pthread_create(
      &thread, nil,
      { argument in
        // SAFETY: the argument is the retained `Start`, taken once.
        unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, start.toOpaque())
    guard refused == 0 else {
      unsafe start.release()
      throw .system("cannot start a thread: \(describe(errno: refused)); use fewer --threads")
    }
    pthread_detach(thread)
  }

  private class Start {
    func run() {}
  }

  private final class StartWith<Value: ~Copyable & Sendable>: Start {
    private var value: Value?
    private let body: @Sendable (consuming Value) -> Void

    init(_ value: consuming Value, _ body: @escaping @Sendable (consuming Value) -> Void) {
      self.value = consume value
      self.body = body
    }

    override func run() {
      if let value = value.take() { body(value) }
    }
  }
}
