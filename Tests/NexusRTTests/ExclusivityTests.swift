// The language checks at run time that nobody touches a class's property while somebody changes it. Such an access may
// last over a suspension: it then leaves the thread with its task, and comes back with it.

import NexusRT
import Testing

@Suite struct ExclusivityTests {
  @Test func access_heldOverASuspension_isNotMixedUpWithOtherTasks() async throws {
    try await inTask {
      let holders = (0..<8).map { _ in Holder() }
      var handles: [Kept<JoinHandle<Void>>] = []
      for (number, holder) in holders.enumerated() {
        handles.append(
          Kept(
            spawnBoxed {
              for _ in 1...50 { await add(&holder.first, &holder.second, yields: number % 4) }
            }))
      }
      for handle in handles { try await handle.take().value() }
      for holder in holders { expect(holder.first == 50 && holder.second == 50) }
    }
  }

  @Test func access_heldOverNativeAndOurSuspensions_endsWell() async throws {
    try await inTask {
      let holder = Holder()
      var handles: [Kept<JoinHandle<Void>>] = []
      for _ in 1...4 {
        let own = Holder()
        handles.append(Kept(spawnBoxed { for _ in 1...50 { await addNatively(&own.first) } }))
      }
      for _ in 1...50 {
        await addNatively(&holder.first)
        // The access is over: this one does not conflict.
        holder.first += 1
      }
      for handle in handles { try await handle.take().value() }
      expectEqual(holder.first, 100)
    }
  }

  @Test func access_heldByTheCallerOfBlockOn_isUntouched() async throws {
    try await inRuntime { runtime in
      let holder = Holder()
      for _ in 1...20 {
        try change(&holder.first) {
          try runtime.blockOn {
            let inner = Holder()
            let handle = spawnBoxed { for _ in 1...5 { await add(&inner.first, &inner.second, yields: 2) } }
            await addNatively(&inner.third)
            try await handle.value()
            expectEqual(inner.first, 5)
          }
        }
        holder.first += 1
      }
      expectEqual(holder.first, 40)
    }
  }

  @Test func access_thatConflictsAfterASuspension_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask {
        let holder = Holder()
        await change(&holder.first) {
          await yield()
          holder.first += 1
        }
      }
    }
    expectSaid(result, "Simultaneous accesses")
  }

  @Test func access_thatConflictsAfterNativeAndOurSuspensions_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask {
        let holder = Holder()
        spawnBoxed { for _ in 1...100 { await yield() } }
        await change(&holder.first) {
          await yield()
          async let child: Void = yield()
          await child
          await yield()
          holder.first += 1
        }
      }
    }
    expectSaid(result, "Simultaneous accesses")
  }
}

/// Its properties' accesses are tracked: the compiler can not see all uses.
private class Holder {
  var first = 0
  var second = 0
  var third = 0
}

@inline(never)
private nonisolated(nonsending) func add(_ first: inout Int, _ second: inout Int, yields: Int) async {
  first += 1
  for _ in 0..<yields { await yield() }
  second += 1
}

@inline(never)
private nonisolated(nonsending) func addNatively(_ number: inout Int) async {
  await yield()
  async let child = { () async -> Int in
    await yield()
    return 1
  }()
  number += await child
  await yield()
}

@inline(never)
private nonisolated(nonsending) func change(
  _ number: inout Int, _ during: nonisolated(nonsending) () async -> Void
) async {
  number += 1
  await during()
}

@inline(never)
private func change(_ number: inout Int, _ during: () throws -> Void) rethrows {
  number += 1
  try during()
}
