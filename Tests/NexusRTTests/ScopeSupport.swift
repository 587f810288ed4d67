// What the tests of scopes share.

@testable import NexusRT
import Testing

nonisolated(nonsending) func expectTimeout(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: nonisolated(nonsending) () async throws -> Void
) async {
  do {
    try await body()
    expect(false, "nothing was thrown", sourceLocation: sourceLocation)
  } catch { expect(error is TimeoutError, "\(error)", sourceLocation: sourceLocation) }
}

/// A noncopyable receiver, as a channel's is.
struct Inbox: ~Copyable {
  final class Contents {
    var numbers: [Int] = []
    var waiter = WakeToken.none
  }

  struct Sender {
    let contents: Contents
    func send(_ number: Int) {
      contents.numbers.append(number)
      contents.waiter.wake()
    }
  }

  let contents = Contents()
  private(set) var received = 0
  var sender: Sender { Sender(contents: contents) }

  nonisolated(nonsending) mutating func receive() async throws -> Int {
    while contents.numbers.isEmpty {
      let wait = Wait(for: "test")
      contents.waiter = wait.token
      if await !wait.suspend() { throw CancellationError() }
    }
    received += 1
    return contents.numbers.removeFirst()
  }
}
