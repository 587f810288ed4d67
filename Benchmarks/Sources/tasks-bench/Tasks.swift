// What a task costs: to start and to end, to switch to, and to wake from another thread.

import BenchSupport
import Foundation
import NexusRT
import Synchronization

func spawnBoxedAndJoin(_ count: Int) throws -> Outcome {
  let runtime = try Runtime()
  return try runtime.blockOn {
    var outcome = Outcome(nanoseconds: 0, messages: 0, checksum: 0)
    let start = now()
    for number in 0..<count { outcome.add(try await spawnBoxed(number) { $0 }.value()) }
    outcome.nanoseconds = Double(now() - start) / Double(count)
    return outcome
  }
}

func spawnSlabAndJoin(_ count: Int) throws -> Outcome {
  var configuration = Configuration()
  configuration.slab = .bounded(slots: 16)
  let runtime = try Runtime(configuration: configuration)
  return try runtime.blockOn {
    var outcome = Outcome(nanoseconds: 0, messages: 0, checksum: 0)
    let start = now()
    for number in 0..<count { outcome.add(try await spawnSlab(number) { $0 }.value()) }
    outcome.nanoseconds = Double(now() - start) / Double(count)
    return outcome
  }
}

func yieldByTurns(_ count: Int) throws -> Outcome {
  let runtime = try Runtime()
  return try runtime.blockOn {
    let start = now()
    let even = spawnBoxed { await yieldOver(0, count) }
    let odd = spawnBoxed { await yieldOver(1, count) }
    var outcome = try await even.value()
    let other = try await odd.value()
    outcome.messages += other.messages
    outcome.checksum &+= other.checksum
    outcome.nanoseconds = Double(now() - start) / Double(count)
    return outcome
  }
}

nonisolated(nonsending) private func yieldOver(_ first: Int, _ end: Int) async -> Outcome {
  var outcome = Outcome(nanoseconds: 0, messages: 0, checksum: 0)
  for number in stride(from: first, to: end, by: 2) {
    await yield()
    outcome.add(number)
  }
  return outcome
}

extension Outcome {
  fileprivate mutating func add(_ number: Int) {
    messages += 1
    checksum &+= UInt64(number)
  }
}

/// What a thread tells a task, one number after the other.
private final class Call: Sendable {
  let token = Atomic<UInt64>(0)
  let number = Atomic<UInt64>(0)
  let madeAt = Atomic<UInt64>(0)
}

/// How long the caller waits before it calls: until the runtime sleeps for sure.
private let pause: UInt64 = 150_000

/// From the call to the task's going on; the median, since a machine that is interrupted now and then would decide the mean.
func parkedWakes(_ count: Int, idle: IdlePolicy = .park) throws -> Outcome {
  let call = Call()
  let caller = Thread {
    for number in 0..<UInt64(count) {
      var bits: UInt64 = 0
      while bits == 0 { bits = call.token.exchange(0, ordering: .acquiring) }
      let asked = now()
      while now() - asked < pause {}
      call.number.store(number, ordering: .relaxed)
      call.madeAt.store(now(), ordering: .releasing)
      unsafe WakeToken(uncheckedRawValue: bits).wake()
    }
  }
  caller.start()
  var configuration = Configuration()
  configuration.idle = idle
  let runtime = try Runtime(configuration: configuration)
  return try runtime.blockOn {
    var outcome = Outcome(nanoseconds: 0, messages: 0, checksum: 0)
    var took: [UInt64] = []
    took.reserveCapacity(count)
    for _ in 0..<count {
      let wait = Wait(for: "a call")
      call.token.store(wait.token.rawValue, ordering: .releasing)
      let wasWoken = await wait.suspend()
      precondition(wasWoken)
      took.append(now() - call.madeAt.load(ordering: .acquiring))
      outcome.add(Int(call.number.load(ordering: .relaxed)))
    }
    took.sort()
    outcome.nanoseconds = Double(took[took.count / 2])
    return outcome
  }
}

/// A number for a task of another thread.
private final class Bell: Sendable {
  let token = Atomic<UInt64>(0)
  let number = Atomic<UInt64>(.max)

  func ring(_ number: UInt64) {
    self.number.store(number, ordering: .sequentiallyConsistent)
    let bits = token.exchange(0, ordering: .sequentiallyConsistent)
    if bits != 0 { unsafe WakeToken(uncheckedRawValue: bits).wake() }
  }

  nonisolated(nonsending) func answer() async -> UInt64 {
    while true {
      let number = number.exchange(.max, ordering: .sequentiallyConsistent)
      if number != .max { return number }
      let wait = Wait(for: "the bell")
      token.store(wait.token.rawValue, ordering: .sequentiallyConsistent)
      if self.number.load(ordering: .sequentiallyConsistent) != .max {
        wait.giveUp()
      } else {
        _ = await wait.suspend()
      }
    }
  }
}

/// Two runtimes on two threads whose tasks wake each other by turns, a wake.
func wakesByTurns(_ count: Int, busy: Bool) throws -> Outcome {
  let ping = Bell()
  let pong = Bell()
  let answered = DispatchSemaphore(value: 0)
  let other = SendableOutcome()
  Thread {
    let runtime = try! Runtime()
    let body: nonisolated(nonsending) () async throws -> Void = {
      for _ in stride(from: 0, to: count, by: 2) {
        let number = await ping.answer()
        other.outcome.add(Int(number))
        pong.ring(number + 1)
      }
    }
    try! busy ? runtime.blockOnBusy(body) : runtime.blockOn(body)
    answered.signal()
  }.start()
  let runtime = try Runtime()
  let body: nonisolated(nonsending) () async throws -> Outcome = {
    var outcome = Outcome(nanoseconds: 0, messages: 0, checksum: 0)
    let start = now()
    for number in stride(from: 0, to: count, by: 2) {
      ping.ring(UInt64(number))
      outcome.add(Int(await pong.answer()))
    }
    outcome.nanoseconds = Double(now() - start) / Double(count)
    return outcome
  }
  var outcome = try busy ? runtime.blockOnBusy(body) : runtime.blockOn(body)
  answered.wait()
  outcome.messages += other.outcome.messages
  outcome.checksum &+= other.outcome.checksum
  return outcome
}

/// Written by one thread, read once that has signalled its end.
private final class SendableOutcome: @unchecked Sendable {
  var outcome = Outcome(nanoseconds: 0, messages: 0, checksum: 0)
}
