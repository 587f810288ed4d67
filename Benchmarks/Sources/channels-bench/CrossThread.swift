// Our side of the workloads in which values go from thread to thread.

import BenchSupport
import Foundation
import NexusChannels
import NexusRT

/// Carries a noncopyable value into a thread.
final class Handover<Value: ~Copyable & Sendable>: @unchecked Sendable {
  // Unchecked: taken once, by the thread, which starts after it was put in.
  private var value: Value?
  init(_ value: consuming Value) { self.value = consume value }
  func take() -> Value { value.take()! }
}

/// A thread, and what it returned.
final class Worker<Result: Sendable>: @unchecked Sendable {
  // Unchecked: `result` is written before the semaphore is signalled, and read after.
  private let done = DispatchSemaphore(value: 0)
  private var result: Result?

  init(_ body: @escaping @Sendable () -> Result) {
    Thread { [self] in
      result = body()
      done.signal()
    }.start()
  }

  func join() -> Result {
    done.wait()
    return result!
  }
}

/// Starts a thread that sends every `step`th value from `first` on.
func sendingThread<Sender: ChannelSender<UInt64> & ~Copyable & Sendable>(
  _ sender: consuming Sender, from first: Int, by step: Int, below count: Int
) -> Worker<Void> {
  let sender = Handover(sender)
  return Worker {
    var sender = sender.take()
    for value in stride(from: first, to: count, by: step) { try! sender.sendBlocking(UInt64(value)) }
  }
}

/// Some threads send, a task of a runtime on this thread receives.
func threadsToTask<Receiver: ChannelReceiver<UInt64> & ~Copyable & Sendable>(
  _ receiver: consuming Receiver, _ count: Int, start threads: () -> [Worker<Void>]
) throws -> Outcome {
  let runtime = try Runtime()
  let receiver = Handover(receiver)
  let start = now()
  let workers = threads()
  let (messages, checksum) = try runtime.blockOn {
    let consumer = spawnBoxed(receiver.take()) { receiver in
      var receiver = receiver
      return try await drain(&receiver)
    }
    return try await consumer.value()
  }
  workers.forEach { $0.join() }
  let time = Double(now() - start)
  return Outcome(nanoseconds: time / Double(count), messages: messages, checksum: checksum)
}

func spscThreadToTask(_ count: Int) throws -> Outcome {
  let ends = SPSC.channel(of: UInt64.self, capacity: 1024)
  var sender = Optional(ends.sender)
  return try threadsToTask(ends.receiver, count) {
    [sendingThread(sender.take()!, from: 0, by: 1, below: count)]
  }
}

func mpscThreadsToTask(_ threads: Int, _ count: Int) throws -> Outcome {
  let ends = MPSC.channel(of: UInt64.self, capacity: 1024)
  var sender = Optional(ends.sender)
  return try threadsToTask(ends.receiver, count) {
    let first = sender.take()!
    return (0..<threads).map { sendingThread(first.clone(), from: $0, by: threads, below: count) }
  }
}

func mpmcThreadsToTask(_ threads: Int, _ count: Int) throws -> Outcome {
  let ends = MPMC.channel(of: UInt64.self, capacity: 1024)
  var sender = Optional(ends.sender)
  return try threadsToTask(ends.receiver, count) {
    let first = sender.take()!
    return (0..<threads).map { sendingThread(first.clone(), from: $0, by: threads, below: count) }
  }
}

/// Four threads send, four receive.
func mpmcThreadsToThreads(_ count: Int) throws -> Outcome {
  let ends = MPMC.channel(of: UInt64.self, capacity: 1024)
  let first = ends.sender
  let receiver = ends.receiver
  let start = now()
  let senders = (0..<4).map { sendingThread(first.clone(), from: $0, by: 4, below: count) }
  let receivers = (0..<4).map { _ in
    let mine = Handover(receiver.clone())
    return Worker {
      let receiver = mine.take()
      var messages: UInt64 = 0
      var checksum: UInt64 = 0
      while let value = try? receiver.receiveBlocking() {
        messages += 1
        checksum &+= value
      }
      return (messages, checksum)
    }
  }
  senders.forEach { $0.join() }
  first.close()
  let results = receivers.map { $0.join() }
  let time = Double(now() - start)
  return Outcome(
    nanoseconds: time / Double(count), messages: results.reduce(0) { $0 + $1.0 },
    checksum: results.reduce(0) { $0 &+ $1.1 })
}
