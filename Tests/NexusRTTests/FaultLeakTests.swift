// Runtimes made and ended by the thousand, each with a bit of everything: no descriptor, thread or byte of them remains.

import CAllocationCounter
import Foundation
@testable import NexusRT
import Testing

@Suite struct FaultLeakTests {
  /// In a process of its own: what other tests open, start and allocate meanwhile does not count.
  @Test func manyRuntimes_leakNothing() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      let rounds = (isOptimised && !isSanitized ? 10_000 : 1_000) * soakFactor
      let token = PublishedToken()
      let stop = Flag()
      let waker = Worker {
        while !stop.isSet {
          token.token.wake()
          usleep(10)
        }
      }
      let lives = Lives()
      try await onThread {
        // Pools and caches of the process fill up first; what Swift's own pool keeps with each of its threads above all,
        // which has some 150 KB when a thousand of its tasks have been made here and have ended there.
        for round in 0..<300 { try use(round, token, lives) }
        for round in 0..<(isSanitized ? 100 : 1_000) { try use(round * 16 + 6, token, lives) }
        let before = Footprint.settled(for: nil)
        for round in 0..<rounds { try use(round, token, lives) }
        let after = Footprint.settled(for: before)
        guard after.descriptors <= before.descriptors else { failHere("leaked: \(before) \(after)") }
        guard after.threads <= before.threads else { failHere("leaked: \(before) \(after)") }
        // Less than the smallest block in 4 runtimes. Under a sanitizer only the process's size can be had, and the address
        // sanitizer keeps 256 MiB of what was freed.
        let bytes = isSanitized ? 512 << 20 : 16 << 10 + 8 * rounds
        guard after.bytes - before.bytes < bytes else { failHere("leaked: \(before) \(after)") }
        guard lives.made > rounds && lives.alive == 0 else { failHere("\(lives.alive) values are alive") }
        print("\(rounds) runtimes: \(before) \(after)")
      }
      stop.set()
      waker.join()
    }
    expectNoFailure(result)
  }
}

/// One runtime's life.
private func use(_ round: Int, _ published: PublishedToken, _ lives: Lives) throws {
  var configuration = Configuration.patient
  if round % 10 == 0 { configuration.signals = .termination }
  if round % 4 == 0 { configuration.slab = .bounded(slots: 4) }
  configuration.blocking.threads = 2
  let runtime = try Runtime(configuration: configuration)
  let handle = runtime.handle
  try runtime.blockOn {
    try await spawnBoxed(Unique(lives)) { _ in await yield() }.value()
    // It is alive at the end.
    spawnBoxed(Unique(lives)) { _ in try await sleep(for: .seconds(1_000)) }
    try await sleep(for: .microseconds(1))
    let wait = Wait(for: "test")
    published.publish(wait.token)
    _ = await wait.suspend()
    published.clear()
    let number =
      switch round % 16 {
      case 1: try await spawnBlocking { round }.value()
      case 2: try await handle.spawn { round }.value()
      case 3: try await withTimeout(.seconds(100)) { round }
      case 4: try await spawnSlab(Unique(lives)) { _ in round }.value()
      case 5:
        await { () async -> Int in
          async let child = { round }()
          await yield()
          return await child
        }()
      case 6: await Task { round }.value
      case 7:
        try await withCancellation(by: RuntimeHandle.current.shutdown.token.child()) {
          let file = try await File.open("/dev/null", .read)
          var buffer = IOBuffer(count: 8)
          var bytes = buffer.mutableBytes
          return round + (try await file.read(into: &bytes))
        }
      default: round
      }
    guard number == round else { failHere("\(number) is not \(round)") }
  }
}

/// What a process holds.
private struct Footprint: CustomStringConvertible {
  let descriptors = openDescriptors()
  let threads = liveThreads()
  let bytes = isSanitized ? residentMemory() : Int(allocated_bytes())

  var description: String { "\(descriptors) descriptors, \(threads) threads, \(bytes) bytes" }

  /// As it is once threads that have ended have gone, too: a thread that was joined may be listed for a moment.
  static func settled(for before: Footprint?) -> Footprint {
    var now = Footprint()
    for _ in 0..<50 {
      usleep(20_000)
      now = Footprint()
      guard let before else { continue }
      if now.threads <= before.threads && now.descriptors <= before.descriptors { break }
    }
    return now
  }
}
