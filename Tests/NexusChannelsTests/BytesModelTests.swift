// Random schedules against a model. Several senders and a receiver, all tasks of one runtime, do what a seed tells them:
// claim, commit, commit short, drop, yield, wait, be cancelled, leave. The model is the list of what was committed, in the
// order of the claims; what comes out must be that list.

import NexusRT
import Testing

@testable import NexusChannels

/// What was claimed, in order, and what became of it. Shared by the tasks of one runtime.
private final class Model {
  /// Each claim's record; nil once it was dropped, or while it is open.
  var records: [[UInt8]?] = []
  var cancelledClaims = 0
  var received = 0

  func begin() -> Int {
    records.append(nil)
    return records.count - 1
  }

  var committed: [[UInt8]] { records.compactMap(\.self) }
}

@Suite struct BytesModelTests {
  @Test func records_onRandomSchedules_areWhatWasCommittedInOrderOfClaims() throws {
    let seed = freshSeed()
    for round in 0..<(scaled(60)) { try run(seed: seed &+ UInt64(round)) }
  }

  private func run(seed: UInt64) throws {
    var setUp = SeededGenerator(seed: seed)
    let capacity = 64 << setUp.below(4)
    let senders = 1 + setUp.below(4)
    let steps = 40 + setUp.below(120)
    try onRuntime {
      let model = Model()
      let ends = MPSCBytes.channel(capacity: capacity)
      let first = ends.sender
      var handles = HandleList<Void>()
      for index in 0..<senders {
        handles.append(
          spawnBoxed(first.clone()) { sender in
            var sender = sender
            await drive(&sender, SeededGenerator(seed: seed &* 31 &+ UInt64(index)), steps, model)
          })
      }
      first.close()
      let receiving = spawnBoxed(ends.receiver) { receiver in
        var receiver = receiver
        return await drain(&receiver, SeededGenerator(seed: seed &* 57), model)
      }
      // Cancels some senders at some time: they end early, and what they committed still counts.
      var generator = SeededGenerator(seed: seed &* 91)
      for index in 0..<senders where generator.below(3) == 0 {
        for _ in 0..<generator.below(200) { await yield() }
        handles.cancel(index)
      }
      _ = try await handles.values()
      let received = try await receiving.value()
      expect(
        received == model.committed, "seed \(seed): \(received.count) of \(model.committed.count) records")
    }
  }
}

/// A sender's part of a schedule; ends when its task is cancelled.
private nonisolated(nonsending) func drive(
  _ sender: inout MPSCBytes.Sender, _ seeded: SeededGenerator, _ steps: Int, _ model: Model
) async {
  var generator = seeded
  for _ in 0..<steps {
    let count = 1 + generator.below(sender.largestRecord)
    do {
      var claim = try await sender.claim(count)
      let place = model.begin()
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      unsafe claim.copy(from: bytes.span.bytes)
      switch generator.below(5) {
      case 0: break  // Dropped: a skip.
      case 1:
        let kept = 1 + generator.below(count)
        model.records[place] = Array(bytes[..<kept])
        claim.commit(count: kept)
      default:
        model.records[place] = bytes
        claim.commit()
      }
    } catch {
      model.cancelledClaims += 1
      if error == .cancelled { return }
      expect(false, "a claim failed: \(error)")
      return
    }
    for _ in 0..<generator.below(3) { await yield() }
  }
}

/// The receiver's part: one by one or in batches, at once or after a while, to the end.
private nonisolated(nonsending) func drain(
  _ receiver: inout BytesReceiver, _ seeded: SeededGenerator, _ model: Model
) async -> [[UInt8]] {
  var generator = seeded
  var received: [[UInt8]] = []
  while true {
    do throws(ReceiveError) {
      switch generator.below(3) {
      case 0:
        if let bytes = try receiver.tryTake() { received.append(bytes) } else { await yield() }
      case 1:
        var batch = try await receiver.receiveBatch()
        var limit = 1 + generator.below(8)
        while limit > 0, let bytes = batch.next() {
          received.append(contents(bytes))
          limit -= 1
        }
      default: received.append(try await receiver.take())
      }
    } catch {
      expect(error == .closed, "a receive failed: \(error)")
      return received
    }
    for _ in 0..<generator.below(3) { await yield() }
  }
}
