// Many tasks at a time, their frames, and the table of tasks.

import CNexus
import Foundation
@testable import NexusRT
import Testing

@Suite struct CrowdTests {
  /// Spawned, parked, woken, joined; twice, so that residents, blocks and frames are used again.
  @Test(arguments: [1_000, 50_000]) func crowd_parksAndIsWoken(count: Int) async throws {
    try await inTask {
      for _ in 1...2 {
        let gate = Barrier()
        let handles = HandleStack<Int>(capacity: count)
        for number in 0..<count {
          handles.push(
            spawnBoxed(number) { number in
              await gate.pass()
              return number
            })
        }
        while gate.waiting < count { await yield() }
        gate.open()
        var sum = 0
        while let handle = handles.pop() { sum += try await handle.value() }
        expectEqual(sum, count * (count - 1) / 2)
      }
    }
  }

  @Test func crowd_thatLivesAtTheEnd_isCancelled_andEnds() async throws {
    let lives = Lives()
    try await inRuntime { runtime in
      try runtime.blockOn {
        for _ in 1...20_000 { spawnBoxed(Unique(lives)) { _ in _ = await Wait(for: "test").suspend() } }
        await yield()
      }
    }
    #expect(lives.made == 20_000 && lives.alive == 0)
  }

  /// More than the slab's memory has for one: the Swift runtime adds a chunk of its own then.
  @Test func deepCalls_outgrowTheirFrames_andComeBack() async throws {
    try await inTask {
      let handles = HandleStack<Int>(capacity: 50)
      for _ in 1...3 {
        for depth in 0..<50 { handles.push(spawnBoxed(depth) { depth in await descend(depth) }) }
        var sum = 0
        while let handle = handles.pop() { sum += try await handle.value() }
        expectEqual(sum, 1_225)
      }
    }
  }

  /// A cancelled task's resident goes, and the next in its slot is given the same memory.
  @Test func frames_areUsedAgain_byTheNextResidentOfTheSlot() async throws {
    try await inTask {
      for _ in 1...500 {
        let handles = HandleStack<Void>(capacity: 8)
        for _ in 1...8 {
          handles.push(
            spawnBoxed {
              async let child: Void = yield()
              await child
              _ = await Wait(for: "test").suspend()
            })
        }
        await yield()
        while let handle = handles.pop() { handle.cancel() }
      }
    }
  }

  @Test func taskCancelledByItself_isNotUsedAgain() async throws {
    try await inTask {
      for _ in 1...100 {
        try await spawnBoxed { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }.value()
        expectEqual(try await spawnBoxed { Task.isCancelled }.value(), false)
      }
    }
  }
}

@inline(never)
nonisolated(nonsending) private func descend(_ depth: Int) async -> Int {
  await yield()
  if depth == 0 { return 0 }
  return await descend(depth - 1) + 1
}

@Suite struct TaskTableTests {
  /// Against a dictionary, with tasks at addresses that collide.
  @Test(arguments: 0..<10 as Range<UInt64>) func table_followsAModel(seed: UInt64) async throws {
    try await inTask {
      let loop = unsafe LoopState.current(for: "test")
      var random = SeededGenerator(seed: seed)
      var table = unsafe TaskTable(mailbox: loop.pointee.mailbox)
      defer { table.free() }
      var model: [UInt: SlotPointer] = unsafe [:]
      var free: [SlotPointer] = unsafe (0..<600).map { _ in unsafe loop.pointee.slab.take(.guest) }
      for _ in 1...20_000 {
        let address = UInt.random(in: 1...800, using: &random) * (seed % 2 == 0 ? 16 : 1 << 20)
        let task = unsafe UnsafeMutableRawPointer(bitPattern: address)!
        let known = unsafe model[address]
        expect(unsafe table.slot(of: task) == known)
        if let slot = unsafe known, Int.random(in: 0..<2, using: &random) == 0 {
          unsafe table.remove(slot)
          unsafe model[address] = nil
          unsafe free.append(slot)
        } else if unsafe known == nil, let slot = unsafe free.popLast() {
          unsafe slot.pointee.suspension.task = task
          unsafe table.add(slot)
          unsafe model[address] = slot
        }
      }
      unsafe free.append(contentsOf: model.values)
      while let slot = unsafe free.popLast() { unsafe loop.pointee.slab.give(back: slot) }
    }
  }
}
