// Where residents, their bodies and their slots lie, and what happens when they can not lie there.

import CNexus
import Foundation
@testable import NexusRT
import Synchronization
import Testing

@Suite struct ResidentTests {
  @Test func residents_lieInTheSlab_whereTheDirectWayIsUsed() async throws {
    try await inTask {
      let loop = unsafe LoopState.current(for: "test")
      expectEqual(unsafe loop.pointee.residents != nil, unsafe loop.pointee.way == NEXUS_WAY_DIRECT)
      unsafe expect(loop.pointee.cancelBit.mask != 0)
    }
  }

  /// As on a Swift runtime that takes a task's memory from malloc whatever it is asked for: half of the tasks are ordinary ones.
  @Test func residents_thatAreOrdinaryTasks_liveBesideTheOthers() async throws {
    try await inTask {
      let loop = unsafe LoopState.current(for: "test")
      let inPlace = unsafe loop.pointee.residents
      let handles = HandleStack<Int>(capacity: 200)
      for round in 1...3 {
        let gate = Barrier()
        for number in 0..<200 {
          unsafe loop.pointee.residents = unsafe number % 2 == 0 ? nil : inPlace
          handles.push(
            spawnBoxed(number) { number in
              async let child = number
              await gate.pass()
              return await child
            })
        }
        unsafe loop.pointee.residents = unsafe inPlace
        while gate.waiting < 200 { await yield() }
        if round == 2 {
          for _ in 1...20 { handles.pop()?.cancel() }
        }
        gate.open()
        var sum = 0
        while let handle = handles.pop() { sum += try await handle.value() }
        expectEqual(sum, round == 2 ? 180 * 179 / 2 : 200 * 199 / 2)
      }
    }
  }

  /// What a task inherited is deinitialised while it completes, when its slot and its place may have a new task already.
  @Test func inheritedValue_maySpawn_whenItGoes() async throws {
    let spawned = Tally()
    try await inTask {
      for _ in 1...200 {
        try await Inherited.$value.withValue(Spawner(spawned)) {
          try await spawnBoxed {
            await yield()
            expect(Inherited.value != nil)
          }.value()
        }
        await yield()
      }
      for _ in 1...3 { await yield() }
    }
    #expect(spawned.count == 200)
  }

  @Test func handle_thatOutlivesItsRuntime_keepsItsMemory_untilItGoes() async throws {
    try await onThread {
      let kept = Kept<JoinHandle<Int>>()
      do {
        let runtime = try Runtime(configuration: slab(.bounded(slots: 8)))
        try runtime.blockOn {
          kept.value = spawnBoxed { 3 }
          await yield()
        }
      }
      let handle = kept.take()
      let block = unsafe UnsafeMutableRawPointer(handle.body)
      nonisolated(unsafe) let address = unsafe block
      expect(BodyArena.orphans.withLock { $0.contains { unsafe $0.arena.has(address) && $0.inUse == 1 } })
      expect(handle.isFinished)
      _ = consume handle
      expect(!BodyArena.orphans.withLock { $0.contains { unsafe $0.arena.has(address) } })
    }
  }

  /// A deinit of the user's that makes a wait, and has it woken, when the task is over: its slot is in the run queue then, and not to
  /// be parked yet.
  @Test func resultsDeinit_thatWakesItsOwnWait_leavesTheQueuesWhole() async throws {
    try await inTask {
      for round in 1...100 {
        spawnBoxed { WakesItself() }
        let handles = HandleStack<Int>(capacity: 8)
        for number in 0..<8 { handles.push(spawnBoxed(number) { $0 }) }
        var sum = 0
        while let handle = handles.pop() { sum += try await handle.value() }
        expect(sum == 28, "round \(round)")
      }
    }
  }

  /// Few addresses are to be had: fewer residents have a place then, and tasks run all the same.
  @Test(.enabled(if: !isSanitized)) func runtime_ofAProcessWithFewAddresses_runsItsTasks() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      try await onThread {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let used = Int(text.split(separator: " ")[0])! * 4096
        // The ranges of a runtime take 5 GiB if they can.
        var limits = unsafe rlimit(rlim_cur: rlim_t(used + 300 << 20), rlim_max: rlim_t(used + 300 << 20))
        unsafe precondition(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limits) == 0)
        let runtime = try Runtime(configuration: .patient)
        try runtime.blockOn {
          let gate = Barrier()
          let handles = HandleStack<Int>(capacity: 10_000)
          for number in 0..<10_000 {
            handles.push(
              spawnBoxed(number) { number in
                await gate.pass()
                return number
              })
          }
          while gate.waiting < 10_000 { await yield() }
          gate.open()
          var sum = 0
          while let handle = handles.pop() { sum += try await handle.value() }
          guard sum == 10_000 * 9_999 / 2 else { failHere("the sum is \(sum)") }
        }
      }
    }
    expectNoFailure(result)
  }
}

private final class WakesItself {
  deinit {
    let wait = Wait(for: "test")
    let token = wait.token
    token.wake()
    wait.giveUp()
  }
}

@Suite struct AddressRangeTests {
  /// In a process of its own, which may have no more addresses: the search for a smaller range ends.
  @Test(.enabled(if: !isSanitized)) func range_thatIsNotToBeHad_isRefused() async {
    await #expect(processExitsWith: .success) {
      let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      let used = rlim_t(text.split(separator: " ")[0])! * 4096
      var limits = rlimit(rlim_cur: used + 1 << 20, rlim_max: used + 1 << 20)
      unsafe precondition(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limits) == 0)
      for least in [192, 1 << 20, 4 << 20] where AddressRange(1 << 30, least: least) != nil { exit(1) }
    }
  }

  @Test func range_hasMemory_whereItWasCommitted() throws {
    var range = try #require(AddressRange(10 << 20, least: 1))
    defer { range.free() }
    #expect(range.size == 10 << 20)
    for bytes in [1, 4096, 3 << 20, 10 << 20] {
      let hasMemory = range.commit(bytes)
      #expect(hasMemory)
      unsafe range.start.storeBytes(of: 7, toByteOffset: bytes - 1, as: UInt8.self)
      #expect(unsafe range.start.load(fromByteOffset: bytes - 1, as: UInt8.self) == 7)
    }
    let hasMore = range.commit(10 << 20 + 1)
    #expect(!hasMore)
    #expect(unsafe range.offset(of: range.start) == 0)
    #expect(unsafe range.offset(of: range.start + (10 << 20 - 1)) == 10 << 20 - 1)
    #expect(unsafe range.offset(of: range.start + (10 << 20)) == nil)
    #expect(unsafe range.offset(of: range.start - 1) == nil)
  }

  @Test func range_thatIsNotToBeHad_isSmallerOrNil() throws {
    // More than x86-64's processes have.
    let range = try #require(AddressRange(1 << 48, least: 1 << 20))
    #expect(range.size < 1 << 48 && range.size >= 1 << 20)
    range.free()
    #expect(AddressRange(1 << 48, least: 1 << 48) == nil)
  }
}

private final class Tally: Sendable {
  private let counted = Atomic(0)
  var count: Int { counted.load(ordering: .relaxed) }
  func add() { counted.add(1, ordering: .relaxed) }
}

private enum Inherited {
  @TaskLocal static var value: Spawner?
}

/// Spawns when it goes.
private final class Spawner: Sendable {
  let spawned: Tally
  init(_ spawned: Tally) { self.spawned = spawned }
  deinit {
    let spawned = spawned
    spawnBoxed { spawned.add() }
  }
}
