// expect-success
// The public API as it is meant to be used. If this does not compile, the errors of the snippets beside it prove nothing.
import NexusRT

final class Counter {
  var count = 0
}

struct Ticket: ~Copyable {
  let number: Int
}

func useRuntime() throws -> Int {
  var world = World()
  world.insert([1, 2, 3])
  let runtime = try Runtime(world: world)
  return try runtime.blockOn {
    // Not Sendable, and shared by the tasks of one thread.
    let counter = Counter()
    let first = spawnBoxed {
      counter.count += 1
      await yield()
      return counter.count
    }
    let second = spawnBoxed(Ticket(number: 20)) { ticket in ticket.number }
    let third: JoinHandle<Void> = spawnBoxed { try await sleep(for: .seconds(60)) }
    third.cancel()
    let sum = withWorld { world in
      world.mutate([Int].self) { $0.append(4) }
      return world.read([Int].self) { $0.reduce(0, +) }
    }
    let a = try await first.value()
    let b = try await second.value()
    return a + b + sum
  }
}

nonisolated(nonsending) func copy(_ from: String, _ to: String) async throws {
  let source = try await File.open(from, .read)
  let target = try await File.open(to, .write, [.create, .truncate])
  var buffer = IOBuffer(count: 4096)
  var bytes = buffer.mutableBytes
  let count = try await source.read(into: &bytes, at: 0)
  try await target.writeAll(buffer.bytes.extracting(0..<count), at: 0)
  try await target.syncData()
  try await target.close()
}

struct Inbox: ~Copyable {
  private(set) var count = 0
  nonisolated(nonsending) mutating func receive() async throws -> Int {
    try await sleep(for: .milliseconds(1))
    count += 1
    return count
  }
}

nonisolated(nonsending) func limits() async throws -> Int {
  // The body of a time limit uses the caller's noncopyable variables and what is not Sendable.
  var inbox = Inbox()
  let counter = Counter()
  let received = try await withTimeout(.milliseconds(5)) {
    counter.count += 1
    return try await inbox.receive()
  }
  // The handle of a scope is shared by tasks of one runtime.
  await withCancelScope { scope in
    spawnBoxed { scope.cancel() }
    _ = await Wait(for: "limits").suspend()
  }
  let first = try await race({ counter.count }, { try await spawnBoxed { 2 }.value() })
  let (a, b) = try await join({ counter.count }, { "b" })
  return isCancelled() ? 0 : received + first + a + b.count
}

actor Ledger {
  private let runtime: RuntimeHandle
  private var sum = 0
  init(on runtime: RuntimeHandle) { self.runtime = runtime }
  nonisolated var unownedExecutor: UnownedSerialExecutor { runtime.unownedExecutor }
  func add(_ number: Int) -> Int {
    sum += number
    return sum
  }
}

nonisolated(nonsending) func bridges(_ token: CancellationToken) async throws -> Int {
  let handle = RuntimeHandle.current
  let ledger = Ledger(on: handle)
  let guarded = token.child().guarded()
  let remote = try handle.spawn { 1 }
  let counter = Counter()
  // The body of a token's scope runs here, and uses what is not Sendable.
  try await withCancellation(by: token) {
    counter.count += try await withForeign { await ledger.add(2) }
    counter.count += try await spawnBlocking { 3 }.value()
    counter.count += try await withCompletion(of: Int.self) { completer in
      startThread(completer) { $0.complete(4) }
    }
  }
  guarded.disarm()
  return try await remote.value() + counter.count
}
