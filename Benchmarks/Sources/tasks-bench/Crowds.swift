// A great many tasks at a time: spawned, parked, woken and joined.

import BenchSupport
import CBench
import Foundation
import NexusRT

/// Does a workload in this process. `NAME` is the peers' name of it, a hyphen, and `boxed` or `slab`.
func crowdWorkload(_ name: String, _ count: Int) throws -> Outcome {
  let isSlab = name.hasSuffix("-slab")
  var configuration = Configuration()
  // One place more, for what else is spawned.
  if isSlab { configuration.slab = .bounded(slots: count + 1) }
  configuration.endTimeout = .seconds(60)
  let before = residentBytes()
  let runtime = try Runtime(configuration: configuration)
  return try runtime.blockOn {
    switch name {
    case "crowd-first-boxed", "crowd-first-slab":
      return try await crowd(count, isSlab: isSlab)
    case "crowd-second-boxed", "crowd-second-slab":
      _ = try await crowd(count, isSlab: isSlab)
      return try await crowd(count, isSlab: isSlab)
    case "crowd-bytes-boxed", "crowd-bytes-slab":
      var during = 0
      var outcome = try await crowd(count, isSlab: isSlab) { during = residentBytes() }
      outcome.nanoseconds = Double(during - before) / Double(count)
      return outcome
    default: fatalError("there is no workload \(name)")
    }
  }
}

/// The same in a process of its own.
func childWorkload(_ name: String, _ kind: String, _ count: Int) throws -> Outcome {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
  process.arguments = ["--workload", "\(name)-\(kind)", "\(count)"]
  process.standardOutput = pipe
  try process.run()
  let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  let words = said.split(whereSeparator: \.isWhitespace)
  guard process.terminationStatus == 0, words.count == 3, let nanoseconds = Double(words[0]),
    let messages = UInt64(words[1]), let checksum = UInt64(words[2])
  else { fatalError("\(name)-\(kind) ended with \(process.terminationStatus) and said \"\(said)\"") }
  return Outcome(nanoseconds: nanoseconds, messages: messages, checksum: checksum)
}

/// Those who wait: their tokens, in the order of their coming.
private struct Gate {
  let tokens: UnsafeMutablePointer<WakeToken>
  let count: UnsafeMutablePointer<Int>

  init(capacity: Int) {
    tokens = .allocate(capacity: capacity)
    count = .allocate(capacity: 1)
    count.initialize(to: 0)
  }

  func free() {
    tokens.deallocate()
    count.deallocate()
  }

  @inline(__always)
  nonisolated(nonsending) func pass(_ number: Int) async -> Int {
    let wait = Wait(for: "the crowd")
    (tokens + count.pointee).initialize(to: wait.token)
    count.pointee += 1
    _ = await wait.suspend()
    return number
  }
}

nonisolated(nonsending) private func crowd(
  _ count: Int, isSlab: Bool, whenAllWait: () -> Void = {}
) async throws -> Outcome {
  let gate = Gate(capacity: count)
  defer { gate.free() }
  let handles = UnsafeMutablePointer<JoinHandle<Int>>.allocate(capacity: count)
  defer { handles.deallocate() }
  let start = now()
  // The gate is handed over and not captured: a closure that captures nothing is not counted.
  if isSlab {
    for number in 0..<count {
      (handles + number).initialize(to: spawnSlab(gate, number) { gate, number in await gate.pass(number) })
    }
  } else {
    for number in 0..<count {
      (handles + number).initialize(to: spawnBoxed(gate, number) { gate, number in await gate.pass(number) })
    }
  }
  while gate.count.pointee < count { await yield() }
  whenAllWait()
  for number in 0..<count { gate.tokens[number].wake() }
  var outcome = Outcome(nanoseconds: 0, messages: 0, checksum: 0)
  for number in 0..<count {
    outcome.checksum &+= UInt64(try await (handles + number).move().value())
    outcome.messages += 1
  }
  outcome.nanoseconds = Double(now() - start) / Double(count)
  return outcome
}

private func residentBytes() -> Int {
  let statm = try! String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
  return Int(statm.split(separator: " ")[1])! * 4096
}
