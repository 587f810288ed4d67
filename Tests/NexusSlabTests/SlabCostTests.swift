// What a slab costs in steady state: no allocation; and when all has gone, no memory.

import CAllocationCounter
import NexusSlab
import Testing

@Suite(.enabled(if: allocation_count_is_available())) struct SlabCostTests {
  @Test func allocation_isSeen() {
    let before = allocation_count()
    let slab = Slab<Int>(growingBy: 1)
    let first = slab.insert(1)
    let made = allocation_count()
    #expect(made > before)
    let second = slab.insert(2)
    #expect(allocation_count() > made)
    expect(first.value + second.value == 3)
  }

  @Test func steadyState_allocatesNothing() {
    var slab = Slab<Node>(growingBy: 64)
    let bytes = ByteSlab(bytesPerSlot: 64, capacity: 8)
    var before: UInt64 = 0
    var sum = 0
    for round in 0..<20_000 {
      // Without optimisation types are made when they are first used.
      if round == 1_000 { before = allocation_count() }
      let child = slab.insert(Node(number: round, child: nil))
      let claim = slab.claim()
      let key = slab.keep(slab.insert(Node(number: 1, child: child)))
      _ = slab.update(key) { $0.number += 1 }
      sum += slab.withValue(of: key) { $0.number } ?? 0
      let removed = slab.remove(key)
      if round % 2 == 0 { sum += claim.write(Node(number: 2, child: nil)).take().number }
      _ = consume removed
      let wide = bytes.insert((round, round))
      let narrow = bytes.claim().write(UInt8(1))
      sum += wide.value.0 &- wide.value.1 + Int(narrow.value)
    }
    #expect(allocation_count() - before == 0)
    #expect(sum == 2 * 20_000 + 2 * 10_000 + 20_000 && slab.count == 0 && bytes.count == 0)
  }

  @Test func growth_allocatesOnce_aChunk() {
    let slab = Slab<Int>(growingBy: 1_024)
    let boxes = (0..<1_024).map { Box(slab.insert($0)) }
    let before = allocation_count()
    let slot = slab.insert(1)
    // The chunk, and the table of chunks.
    #expect(allocation_count() - before == 2)
    expect(slot.value == 1 && boxes.count == 1_024 && slab.capacity == 2_048)
  }

  @Test func memory_goesWithTheLast_whoeverThatIs() async {
    // A process of its own: the count is the process's.
    await #expect(processExitsWith: .success) {
      func use(_ round: Int) {
        var slab: Slab<InlineArray<64, Int>>? = Slab(growingBy: 4)
        let slots = (0..<10).map { _ in Box(slab!.insert(.init(repeating: round))) }
        let claim = slab!.claim()
        for _ in 0..<5 { _ = slab!.keep(slab!.insert(.init(repeating: 1))) }
        if round % 2 == 0 { slab = nil }
        precondition(slots.last!.value!.value[63] == round)
        _ = consume claim
      }
      for round in 0..<100 { use(round) }
      let before = allocated_bytes()
      for round in 0..<1_000 { use(round) }
      let more = Int(allocated_bytes()) - Int(before)
      // A slab of these is 8 KiB at least.
      precondition(more < 100_000, "\(more) bytes were left")
    }
  }
}

private struct Node: ~Copyable {
  var number: Int
  var child: Slot<Node>?
}
