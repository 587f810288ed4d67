// A wake from another thread, one way. Two runtimes on two threads wake each other by turns; half the round trip.

import BenchSupport
import CBench
import Foundation
import NexusRT
import Synchronization

/// The tokens of the two sides' waits.
private final class Court: Sendable {
  let left = Atomic<UInt64>(0)
  let right = Atomic<UInt64>(0)
}

/// - Parameter busy: Whether both sides look for work all the time, or park in the kernel.
func crossThreadWake(busy: Bool) throws -> Double {
  let rounds = busy ? 50_000 : 3_000
  let court = Court()
  let done = DispatchSemaphore(value: 0)
  Thread {
    do {
      _ = try inRuntime(nil, busy: busy) { await answer(court, rounds) }
    } catch { fatalError("\(error)") }
    done.signal()
  }.start()
  let took = try inRuntime(nil, busy: busy) { await serve(court, rounds) }
  done.wait()
  return took
}

nonisolated(nonsending) private func serve(_ court: Court, _ rounds: Int) async -> Double {
  var start: UInt64 = 0
  for round in 0..<rounds {
    let wait = Wait(for: "the cross-thread benchmark")
    court.left.store(wait.token.rawValue, ordering: .releasing)
    if round > 0 { wake(court.right) }
    let wasWoken = await wait.suspend()
    precondition(wasWoken)
    if round == 0 { start = now() }
  }
  let took = Double(now() - start)
  wake(court.right)
  return took / Double(2 * (rounds - 1))
}

nonisolated(nonsending) private func answer(_ court: Court, _ rounds: Int) async -> Double {
  while court.left.load(ordering: .acquiring) == 0 { await yield() }
  for _ in 0..<rounds {
    let wait = Wait(for: "the cross-thread benchmark")
    court.right.store(wait.token.rawValue, ordering: .releasing)
    wake(court.left)
    let wasWoken = await wait.suspend()
    precondition(wasWoken)
  }
  return 0
}

private func wake(_ side: borrowing Atomic<UInt64>) {
  let token = unsafe WakeToken(uncheckedRawValue: side.load(ordering: .acquiring))
  precondition(token.wake(), "a wake met no wait")
}

/// What the machine itself takes to wake a parked thread: two threads that block in read(2) on an eventfd each.
func eventDescriptorWake() -> Double {
  let rounds = 3_000
  let left = bench_eventfd()
  let right = bench_eventfd()
  defer {
    close(left)
    close(right)
  }
  @Sendable func send(_ descriptor: Int32) {
    var value: UInt64 = 1
    let sent = write(descriptor, &value, 8)
    precondition(sent == 8)
  }
  @Sendable func receive(_ descriptor: Int32) {
    var value: UInt64 = 0
    let received = read(descriptor, &value, 8)
    precondition(received == 8 && value == 1)
  }
  let done = DispatchSemaphore(value: 0)
  Thread {
    for _ in 0..<rounds {
      receive(right)
      send(left)
    }
    done.signal()
  }.start()
  send(right)
  receive(left)
  let took = nanoseconds {
    for _ in 1..<rounds {
      send(right)
      receive(left)
    }
  }
  done.wait()
  return took / Double(2 * (rounds - 1))
}
