// The queue of waiting senders does what a plain array does, only faster: random operations on both, compared after each.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct SenderQueueTests {
  @Test(arguments: 0..<20)
  func operations_whenRandom_doWhatAnArrayDoes(round: Int) {
    let seed = freshSeed() &+ UInt64(round)
    var generator = SeededGenerator(seed: seed)
    var queue = SenderQueue()
    var model: [(place: SenderQueue.Place, name: UInt64?)] = []
    var gone: [SenderQueue.Place] = []
    var nextName: UInt64 = 1
    for step in 0..<2_000 {
      let context: Comment = "seed \(seed), step \(step)"
      switch generator.below(8) {
      case 0, 1:
        model.append((queue.join(), nil))
      case 2, 3:
        guard !model.isEmpty else { continue }
        let index = generator.below(model.count)
        queue.set(waiter(nextName), at: model[index].place)
        model[index].name = nextName
        nextName += 1
      case 4, 7:
        guard !model.isEmpty else { continue }
        let place = model.remove(at: generator.below(model.count)).place
        queue.remove(place)
        gone.append(place)
      case 5:
        let called = name(queue.callFirst())
        #expect(called == model.first?.name, context)
        if !model.isEmpty { model[0].name = nil }
      case 6 where generator.below(3) == 0:
        #expect(name(queue.removeFirst()) == model.first?.name, context)
        if !model.isEmpty { gone.append(model.removeFirst().place) }
      default:
        // A place that was left is nobody's, also when somebody else stands there by now.
        guard !gone.isEmpty else { continue }
        let place = gone[generator.below(gone.count)]
        queue.set(waiter(nextName), at: place)
        queue.remove(place)
        #expect(!queue.isFirst(place), context)
      }
      let right =
        queue.count == model.count
        && model.indices.allSatisfy { queue.isFirst(model[$0].place) == ($0 == 0) }
      if !right {
        Issue.record(context)
        return
      }
      if gone.count > 100 { gone.removeFirst(50) }
    }
  }

  @Test func queue_whenEmpty_hasNobodyToCall() {
    var queue = SenderQueue()
    #expect(name(queue.callFirst()) == nil)
    #expect(name(queue.removeFirst()) == nil)
    let place = queue.join()
    queue.remove(place)
    queue.remove(place)
    #expect(queue.count == 0)
    #expect(!queue.isFirst(place))
  }

  @Test func sender_whenCalled_keepsItsPlace_andIsNotCalledTwice() {
    var queue = SenderQueue()
    let first = queue.join()
    let second = queue.join()
    queue.set(waiter(1), at: first)
    queue.set(waiter(2), at: second)
    #expect(name(queue.callFirst()) == 1)
    #expect(name(queue.callFirst()) == nil)
    #expect(queue.isFirst(first))
    queue.remove(first)
    #expect(name(queue.callFirst()) == 2)
  }
}

/// A waiter that can be told from others; its token wakes nobody.
private func waiter(_ name: UInt64) -> WakeToken {
  unsafe WakeToken(uncheckedRawValue: name)
}

private func name(_ waiter: WakeToken?) -> UInt64? { waiter?.rawValue }
