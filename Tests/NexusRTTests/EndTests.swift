// A runtime that ends takes its tasks along: they are cancelled, and run until they end. Nothing of it remains.

import Foundation
@testable import NexusRT
import Synchronization
import Testing

@Suite struct EndTests {
  @Test func tasks_thatLive_areCancelled_andEnd() async throws {
    let lives = Lives()
    let ended = Lives()
    try await inRuntime { runtime in
      try runtime.blockOn {
        for number in 0..<100 {
          spawnBoxed(Unique(lives)) { unique in
            defer { ended.add() }
            switch number % 5 {
            case 0: try await sleep(for: .seconds(1_000))
            case 1: _ = await Wait(for: "test").suspend()
            case 2: while !Task.isCancelled { await yield() }
            case 3:
              async let child: Void = sleep(for: .seconds(1_000))
              try await child
            default: try await Task.sleep(for: .seconds(1_000))
            }
            _ = consume unique
          }
        }
        await yield()
      }
      expectEqual(runtime.taskCount, 100)
    }
    #expect(ended.made == 100)
    #expect(lives.made == 100 && lives.alive == 0)
  }

  @Test func tasks_thatNeverStarted_startCancelled_andEnd() async throws {
    let lives = Lives()
    try await inRuntime { runtime in
      try runtime.blockOn {
        for _ in 1...100 {
          spawnBoxed(Unique(lives)) { unique in
            expect(Task.isCancelled)
            _ = consume unique
          }
        }
      }
    }
    #expect(lives.made == 100 && lives.alive == 0)
  }

  @Test func task_thatIgnoresItsCancellation_isGivenUp() async throws {
    try await onThread {
      var configuration = Configuration()
      configuration.endTimeout = .milliseconds(20)
      do {
        let runtime = try Runtime(configuration: configuration)
        try runtime.blockOn {
          spawnBoxed { while true { await yield() } }
          await yield()
        }
      }
      expectEqual(try Runtime().blockOn { 1 }, 1)
    }
  }

  @Test func executor_isFreed() async throws {
    try await onThread {
      let watched = WeakLoop()
      do {
        let runtime = try Runtime()
        try runtime.blockOn {
          watched.loop = unsafe LoopState.current(for: "test").pointee.loop
          async let child: Void = yield()
          await child
        }
        expect(watched.loop != nil)
      }
      expect(watched.loop == nil, "the executor outlives its runtime")
    }
  }

  @Test func manyRuntimes_oneAfterTheOther_leakNoDescriptor() async {
    await #expect(processExitsWith: .success) {
      let leaked = try await onThread {
        func open() throws -> Int {
          try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        }
        _ = try Runtime().blockOn { 1 }
        let before = try open()
        for round in 1...2_000 {
          let runtime = try Runtime()
          if round % 10 == 0 { try runtime.blockOn { try await sleep(for: .microseconds(1)) } }
        }
        return try open() - before
      }
      // What the test process opens for itself meanwhile is a few.
      guard leaked < 10 else { fatalError("\(leaked) descriptors leaked") }
    }
  }

  @Test func childTask_woken_andGivenUp_whenItsRuntimeEnds_leavesItsSlotFree() async {
    await #expect(processExitsWith: .success) {
      try await onThread {
        for _ in 1...20 {
          let runtime = try Runtime()
          let bits = try runtime.blockOn {
            async let token = { () async -> UInt64 in
              let wait = Wait(for: "test")
              let token = wait.token
              Worker { token.wake() }.join()
              wait.giveUp()
              return token.rawValue
            }()
            return await token
          }
          _ = consume runtime
          let place = UInt32(truncatingIfNeeded: bits)
          let mailbox = unsafe MailboxTable.mailbox(place >> 22)
          let slot = unsafe mailbox.pointee.slot(place & (Mailbox.slotLimit - 1))
          let phase = unsafe slot.pointee.state.load(ordering: .relaxed) & SlotState.phaseMask
          guard phase == SlotState.idle else { fatalError("the slot is in phase \(phase) for ever") }
          guard unsafe mailbox.pointee.head.load(ordering: .relaxed) == Mailbox.empty else {
            fatalError("the mailbox went back with something in it")
          }
        }
      }
    }
  }
}

/// Unchecked: one thread uses it.
private final class WeakLoop: @unchecked Sendable {
  weak var loop: Loop?
}
