// Programmer's errors end the process, and say what to do. Each exit test runs in a process of its own.

import Foundation
import NexusSlab
import Testing

@Suite struct SlabTrapTests {
  @Test func insert_whenFull_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let slab = Slab<Int>(capacity: 1)
      let slot = slab.insert(1)
      let other = slab.insert(2)
      print(slot.value, other.value)
    }
    expectSaid(result, "all 1 slots of the slab are in use: use tryInsert or tryClaim to be told")
  }

  @Test func claim_whenFull_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let slab = ByteSlab(bytesPerSlot: 8, capacity: 1)
      let slot = slab.insert(1)
      let other = slab.claim().write(2)
      print(slot.value, other.value)
    }
    expectSaid(result, "all 1 slots of the byte slab are in use")
  }

  @Test func slabs_ofBadSizes_trap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Slab<Int>(capacity: 0)
    }
    expectSaid(result, "a slab has at least one slot, not 0")
    await #expect(processExitsWith: .failure) { _ = Slab<Int>(growingBy: -1) }
    await #expect(processExitsWith: .failure) { _ = Slab<Int>(capacity: .max) }
    await #expect(processExitsWith: .failure) { _ = ByteSlab(bytesPerSlot: 0, capacity: 1) }
    await #expect(processExitsWith: .failure) { _ = ByteSlab(bytesPerSlot: .max, capacity: 1) }
    await #expect(processExitsWith: .failure) { _ = ByteSlab(bytesPerSlot: 8, alignment: 24, capacity: 1) }
  }

  @Test func element_thatDoesNotFit_traps_andSaysWhich() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let slab = ByteSlab(bytesPerSlot: 16, capacity: 1)
      _ = slab.insert((1, 2, 3))
    }
    expectSaid(result, "(Int, Int, Int) takes 24 bytes, aligned to 8; a slot of this slab has 16")
    await #expect(processExitsWith: .failure) {
      let slab = ByteSlab(bytesPerSlot: 64, alignment: 8, capacity: 1)
      _ = slab.claim().write(SIMD4<Float>())
    }
  }

  @Test func keep_ofAnotherSlabsSlot_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var slab = Slab<Int>(capacity: 1)
      let other = Slab<Int>(capacity: 1)
      _ = slab.keep(other.insert(1))
    }
    expectSaid(result, "a slab was to keep an element of another one")
  }

  // What the compiler does not see: the slab is not used after its slot was sent away, and yet it is dropped.
  @Test func slot_droppedOnAnotherThread_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let slab = Slab<Said>(capacity: 1)
      start(slab.insert(Said())) { slot in expect(slot.value.number == 1) }
    }
    expectSaid(result, "used or dropped on another thread than the slab was made on")
    // The element's end is not begun there.
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(!said.contains("the element has gone"))
  }

  @Test func slab_usedOnAnotherThread_traps() async {
    await #expect(processExitsWith: .failure) {
      start(Slab<Int>(capacity: 1)) { slab in print(slab.insert(1).value) }
    }
    await #expect(processExitsWith: .failure) { start(Slab<Int>(capacity: 1)) { _ in } }
    // The control: what is made there is used there.
    await #expect(processExitsWith: .success) {
      start(1) { number in print(Slab<Int>(capacity: 1).insert(number).value) }
    }
  }
}

/// Says when it goes.
private struct Said: ~Copyable {
  let number = 1
  deinit { FileHandle.standardError.write(Data("the element has gone".utf8)) }
}

/// Hands a value to a thread, and waits for that.
private func start<Value: ~Copyable>(
  _ value: consuming sending Value, _ body: @escaping @Sendable (consuming sending Value) -> Void
) {
  let done = DispatchSemaphore(value: 0)
  let sent = Sent(Box(value))
  Thread {
    body(sent.box.take())
    done.signal()
  }.start()
  done.wait()
}

private struct Sent<Value: ~Copyable>: @unchecked Sendable {
  let box: Box<Value>
  init(_ box: Box<Value>) { self.box = box }
}
