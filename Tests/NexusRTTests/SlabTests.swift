// The slab: places for tasks that are made in advance, taken, claimed, full, and never lost.

import CAllocationCounter
@testable import NexusRT
import Testing

@Suite struct SlabTests {
  @Test func spawnSlab_givesItsResult_withArgumentsAndErrors() async throws {
    try await inTask(slab(.bounded(slots: 4))) {
      expectEqual(try await spawnSlab { 7 }.value(), 7)
      expectEqual(try await spawnSlab("a", name: "one") { $0 + (taskName() ?? "") }.value(), "aone")
      expectEqual(try await spawnSlab(1, 2) { $0 + $1 }.value(), 3)
      do {
        try await spawnSlab { throw Refusal(number: 5) }.value()
        expect(false, "nothing was thrown")
      } catch { expectEqual((error as? Refusal)?.number, 5) }
      expectEqual(places(), 4)
    }
  }

  @Test func boundedSlab_whenAllPlacesAreTaken_isFull_untilATaskHasEndedAndItsHandleIsGone() async throws {
    try await inTask(slab(.bounded(slots: 3))) {
      let waiter = spawnSlab { _ = await Wait(for: "test").suspend() }
      let ended = spawnSlab { 1 }
      let claim = tryClaimSlot()
      expect(claim != nil && tryClaimSlot() == nil)
      do throws(SlabError) {
        try trySpawnSlab {}
        expect(false, "spawned into a full slab")
      } catch { expectEqual(error, .full) }
      // Its result is still wanted.
      for _ in 1...3 { await yield() }
      expect(tryClaimSlot() == nil)
      expectEqual(try await ended.value(), 1)
      expect(tryClaimSlot() != nil)
      // Dropped unused.
      _ = consume claim
      expectEqual(places(), 2)
      waiter.cancel()
      try await waiter.value()
      expectEqual(places(), 3)
    }
  }

  @Test func spawnSlab_whenFull_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask(slab(.bounded(slots: 1))) {
        let one = spawnSlab { await yield() }
        spawnSlab {}
        try await one.value()
      }
    }
    expectSaid(result, "the slab is full: use trySpawnSlab or tryClaimSlot")
  }

  @Test func spawnSlab_withoutASlab_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask { _ = spawnSlab {} }
    }
    expectSaid(result, "no slab to spawn into: set Configuration.slab")
  }

  @Test func spawnSlab_ofATaskThatDoesNotFit_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask(slab(.bounded(slots: 1, bytesPerSlot: 192))) {
        _ = try await spawnSlab { InlineArray<16, Int>(repeating: 1) }.value()
      }
    }
    expectSaid(result, "does not fit into a place of 192: raise bytesPerSlot")
  }

  @Test func slab_ofNoSlots_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask(slab(.bounded(slots: 0))) {}
    }
    expectSaid(result, "needs one slot at least, and 192 bytes in each")
  }

  @Test func largeTask_fitsIntoPlacesThatAreLargeEnough() async throws {
    try await inTask(slab(.bounded(slots: 2, bytesPerSlot: 512))) {
      for _ in 1...10 {
        let numbers = try await spawnSlab(InlineArray<8, Int>(repeating: 2)) { given in
          InlineArray<16, Int> { given[$0 / 2] + $0 }
        }.value()
        expectEqual(numbers[15], 17)
      }
      expectEqual(places(), 2)
    }
  }

  @Test func growingSlab_takesEveryTask() async throws {
    try await inTask(slab(.growing(slots: 2))) {
      let gate = Barrier()
      var set: [TaskRef] = []
      for _ in 1...1_000 { set.append(spawnSlab { await gate.pass() }.ref) }
      while gate.waiting < 1_000 { await yield() }
      gate.open()
      while set.contains(where: { $0.isAlive }) { await yield() }
      // 2, 64 more, and then as many again each time.
      expectEqual(places(), 1_056)
    }
  }

  @Test func claim_spawnsInItsPlace_withArguments() async throws {
    try await inTask(slab(.bounded(slots: 1))) {
      for round in 0..<100 {
        let claim = tryClaimSlot()!
        expectEqual(claim.bytes, 256)
        expectEqual(try await claim.spawn(round) { $0 * 2 }.value(), round * 2)
        expectEqual(try await tryClaimSlot()!.spawn(round, 1) { $0 + $1 }.value(), round + 1)
        expectEqual(try await tryClaimSlot()!.spawn { 3 }.value(), 3)
      }
    }
  }

  /// Whatever way a task ends, with whatever pointing at it still: its place comes back, and what was moved in dies once.
  @Test(arguments: 0..<20 as Range<UInt64>) func places_comeBack_howeverTasksEnd(seed: UInt64) async throws {
    let lives = Lives()
    try await inTask(slab(.bounded(slots: 64))) {
      var random = SeededGenerator(seed: seed)
      let tokens = Shared<[WakeToken]>([])
      for _ in 1...2_000 {
        guard let claim = tryClaimSlot() else {
          await yield()
          tokens.value.forEach { $0.wake() }
          tokens.value.removeAll(keepingCapacity: true)
          continue
        }
        let choice = Int.random(in: 0..<8, using: &random)
        let handle = claim.spawn(Unique(lives)) { _ in
          switch choice {
          case 0: break
          case 1: throw Refusal(number: 1)
          case 2: try await sleep(for: .microseconds(50))
          case 3: try await withTimeout(.microseconds(20)) { try await sleep(for: .seconds(100)) }
          case 4:
            // A wake and a timer that may come after its end.
            let wait = Wait(for: "test")
            tokens.value.append(wait.token)
            _ = await wait.suspend(until: .after(.microseconds(30)))
          case 5:
            let wait = Wait(for: "test")
            tokens.value.append(wait.token)
            wait.giveUp()
          case 6:
            async let child: Void = yield()
            await child
          default: _ = await Wait(for: "test").suspend(until: .after(.microseconds(10)))
          }
        }
        switch Int.random(in: 0..<3, using: &random) {
        case 0: handle.cancel()
        case 1:
          await yield()
          handle.cancel()
        default: _ = try? await handle.value()
        }
      }
      tokens.value.forEach { $0.wake() }
      while places() < 64 { await yield() }
    }
    #expect(lives.made > 0 && lives.alive == 0)
  }

  @Test func runtimeEnd_withTasksInTheSlab_endsThem_andAHandleMayOutliveIt() async throws {
    let lives = Lives()
    try await onThread {
      let kept = Kept<JoinHandle<Int>>()
      do {
        let runtime = try Runtime(configuration: slab(.bounded(slots: 8)))
        try runtime.blockOn {
          for _ in 1...6 { spawnSlab(Unique(lives)) { _ in _ = await Wait(for: "test").suspend() } }
          kept.value = spawnSlab { 3 }
          for _ in 1...3 { await yield() }
        }
      }
      let handle = kept.take()
      expect(handle.isFinished)
    }
    #expect(lives.made == 6 && lives.alive == 0)
  }

  @Test(.enabled(if: allocation_count_is_available() && isOptimised))
  func spawnSlab_allocatesNothing_fromTheFirstTaskOn()
    async throws
  {
    try await inTask(slab(.bounded(slots: 100))) {
      let handles = HandleStack<Int>(capacity: 100)
      await yield()
      let before = allocation_count()
      for _ in 1...100 { handles.push(spawnSlab { 1 }) }
      var sum = 0
      while let handle = handles.pop() { sum += try await handle.value() }
      for _ in 1...10_000 { sum += try await spawnSlab { 1 }.value() }
      expectEqual(allocation_count() - before, 0)
      expectEqual(sum, 10_100)
    }
  }
}
