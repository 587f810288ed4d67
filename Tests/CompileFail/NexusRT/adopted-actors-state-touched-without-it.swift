// expect-error: actor-isolated property 'best' cannot be accessed from outside of the actor
// The state of an actor that runs on a runtime's thread is reached through the actor, also by the runtime's tasks.
import NexusRT

actor Book {
  private let runtime: RuntimeHandle
  var best = 0
  init(on runtime: RuntimeHandle) { self.runtime = runtime }
  nonisolated var unownedExecutor: UnownedSerialExecutor { runtime.unownedExecutor }
}

nonisolated(nonsending) func look(_ book: Book) async -> Int { book.best }
