// What goes through the kernel: sleeping, and the smallest read.

import BenchSupport
import Foundation
import NexusRT

/// By how much sleeps of 100 us overslept, in ns; one round's, sorted.
final class Overshoots: @unchecked Sendable {
  static let sleeps = 400
  static let asked: UInt64 = 100_000
  private var sorted: [Double] = []
  private var taken: [Double] = []

  func percentile(_ share: Double) -> Double { sorted[Int(Double(sorted.count - 1) * share)] }

  func measureOurs(busy: Bool) throws {
    _ = try inRuntime(nil, busy: busy) {
      for _ in 0..<Overshoots.sleeps {
        let start = now()
        try await sleep(for: .nanoseconds(Overshoots.asked))
        self.add(now() - start)
      }
      return 0
    }
    settle()
  }

  func measureStandard() {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      for _ in 0..<Overshoots.sleeps {
        let start = now()
        try? await Task.sleep(for: .nanoseconds(Overshoots.asked))
        self.add(now() - start)
      }
      done.signal()
    }
    done.wait()
    settle()
  }

  private func settle() {
    precondition(taken.count == Overshoots.sleeps)
    sorted = taken.sorted()
    taken = []
  }

  private func add(_ took: UInt64) {
    precondition(took >= Overshoots.asked, "slept too short")
    taken.append(Double(took - Overshoots.asked))
  }
}

/// A file of 4,096 bytes in the page cache, gone with its value.
final class CachedFile: Sendable {
  let path: String
  static let word: UInt64 = 0x0102_0304_0506_0708

  init() throws {
    path = NSTemporaryDirectory() + "nexus-bench.\(getpid())"
    let words = [UInt64](repeating: CachedFile.word, count: 512)
    try words.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: path))
  }

  deinit { unlink(path) }

  /// Reads of 8 bytes through the ring, one after the other; ns a read.
  func readThroughRing(busy: Bool) throws -> Double {
    let path = self.path
    return try inRuntime(nil, busy: busy) {
      let file = try await File.open(path, .read)
      var buffer = IOBuffer(count: 8, alignment: 16)
      var bytes = buffer.mutableBytes
      var sum: UInt64 = 0
      let count = 10_000
      let start = now()
      for index in 0..<count {
        let read = try await file.read(into: &bytes, at: UInt64(index % 512) * 8)
        precondition(read == 8)
        sum &+= bytes.unsafeLoad(as: UInt64.self)
      }
      let took = Double(now() - start)
      precondition(sum == CachedFile.word &* UInt64(count), "wrong bytes")
      return took / Double(count)
    }
  }

  /// The same with the system call, on the calling thread.
  func readBySystemCall() -> Double {
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    var word: UInt64 = 0
    var sum: UInt64 = 0
    let count = 10_000
    let start = now()
    for index in 0..<count {
      let read = pread(descriptor, &word, 8, off_t(index % 512) * 8)
      precondition(read == 8)
      sum &+= word
    }
    let took = Double(now() - start)
    precondition(sum == CachedFile.word &* UInt64(count), "wrong bytes")
    return took / Double(count)
  }
}
