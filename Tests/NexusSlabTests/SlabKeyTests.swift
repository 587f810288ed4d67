// Keys name elements that the slab keeps: they find those, and nothing else, for ever.

import Testing

@testable import NexusSlab

@Suite struct SlabKeyTests {
  private struct Refused: Error {}

  @Test func key_findsItsElement_untilThatIsRemoved() {
    let lives = Lives()
    var slab = Slab<Unique>(capacity: 4)
    let key = slab.keep(slab.insert(Unique(1, lives)))
    let copy = key
    expect(slab.contains(key) && slab.keptCount == 1 && slab.count == 1)
    expect(slab.update(copy) { $0.number += 1 } != nil)
    expect(slab.withValue(of: key) { $0.number } == 2)
    let slot = slab.remove(key)!
    // The element is there, and is its slot's.
    expect(slot.value.number == 2 && slab.count == 1 && slab.keptCount == 0 && !slab.contains(copy))
    expect(slab.remove(key) == nil && slab.update(key) { $0.number = 0 } == nil)
    expect(slab.withValue(of: key) { $0.number } == nil)
    _ = consume slot
    #expect(lives.alive == 0 && slab.count == 0)
  }

  @Test func key_whoseSlotIsUsedAgain_findsNothing() {
    var slab = Slab<Int>(capacity: 1)
    var old: Set<SlabKey<Int>> = []
    for number in 0..<1_000 {
      let key = slab.keep(slab.insert(number))
      #expect(old.insert(key).inserted)
      expect(slab.withValue(of: key) { $0 } == number)
      expect(slab.remove(key)?.take() == number)
    }
    for key in old { expect(!slab.contains(key)) }
    // Nor does a key find what a slot owns now.
    let slot = slab.insert(7)
    for key in old { expect(!slab.contains(key)) }
    _ = consume slot
  }

  @Test func element_keptAgain_hasAnotherKey() {
    var slab = Slab<Int>(capacity: 2)
    let first = slab.keep(slab.insert(1))
    let second = slab.keep(slab.remove(first)!)
    expect(first != second && !slab.contains(first) && slab.withValue(of: second) { $0 } == 1)
  }

  @Test func key_ofAnotherSlab_findsNothing() {
    var small = Slab<Int>(capacity: 1)
    var large = Slab<Int>(growingBy: 1)
    let key = small.keep(small.insert(1))
    var keys: [SlabKey<Int>] = []
    for number in 0..<100 { keys.append(large.keep(large.insert(number))) }
    expect(!large.contains(key))
    // Indices that the small one does not have among them.
    for key in keys { expect(!small.contains(key) && small.remove(key) == nil) }
  }

  @Test func serials_runOverIntoANewRun() {
    var slab = Slab<Int>(capacity: 1)
    var other = Slab<Int>(capacity: 1)
    let first = slab.keep(slab.insert(0))
    _ = slab.remove(first)
    // The last of the run.
    unsafe slab.memory.block.pointee.nextSerial = first.serial + SlabBlock.runOfSerials - 2
    let last = slab.keep(slab.insert(1))
    _ = slab.remove(last)
    let foreign = other.keep(other.insert(0))
    let next = slab.keep(slab.insert(2))
    #expect(last.serial == first.serial + SlabBlock.runOfSerials - 2)
    #expect(next.serial > last.serial + 1 && next.serial % SlabBlock.runOfSerials == 1)
    #expect(Set([first.serial, last.serial, next.serial, foreign.serial]).count == 4)
    expect(slab.contains(next) && !slab.contains(first) && !slab.contains(last) && !slab.contains(foreign))
  }

  @Test func iteration_seesWhatTheSlabKeeps_once() {
    let lives = Lives()
    var slab = Slab<Unique>(growingBy: 2)
    var model: [SlabKey<Unique>: Int] = [:]
    for number in 0..<9 { model[slab.keep(slab.insert(Unique(number, lives)))] = number }
    // What a slot owns is its own affair.
    let slot = slab.insert(Unique(100, lives))
    for (key, number) in model where number % 3 == 0 {
      _ = slab.remove(key)
      model[key] = nil
    }
    slab.updateEach { key, element in
      expect(model[key] == element.number)
      element.number *= 10
    }
    var seen: [SlabKey<Unique>: Int] = [:]
    slab.forEach { key, element in expect(seen.updateValue(element.number, forKey: key) == nil) }
    #expect(seen == model.mapValues { $0 * 10 })
    expect(slot.value.number == 100 && slab.keptCount == 6 && slab.count == 7)
    slab.removeAll()
    expect(slab.keptCount == 0 && slab.count == 1 && lives.alive == 1)
    slab.forEach { _, _ in Issue.record("nothing is left") }
  }

  @Test func error_ofABody_comesOut_andTheElementStays() {
    var slab = Slab<Int>(capacity: 3)
    let keys = (0..<3).map { slab.keep(slab.insert($0)) }
    var calls = 0
    #expect(throws: Refused.self) {
      try slab.updateEach { (_, element: inout Int) throws(Refused) in
        calls += 1
        element += 10
        if calls == 2 { throw Refused() }
      }
    }
    #expect(calls == 2)
    #expect(throws: Refused.self) {
      _ = try slab.update(keys[2]) { (element: inout Int) throws(Refused) in
        element = 5
        throw Refused()
      }
    }
    expect(keys.map { key in slab.withValue(of: key) { $0 }! } == [10, 11, 5])
  }

  @Test func bodiesMayInsert_whileTheyLook() {
    var slab = Slab<Int>(growingBy: 1)
    let key = slab.keep(slab.insert(1))
    // The slab grows while one of its elements is lent, which does not move.
    let slots = slab.withValue(of: key) { element in
      let slots = (0..<50).map { Box(slab.insert($0)) }
      expect(element == 1)
      return slots
    }!
    slab.forEach { key, element in
      _ = slab.insert(element + 1)
      expect(element == 1)
    }
    expect(slab.count == 51 && slots.count == 50)
  }

  @Test func slab_thatGoes_endsWhatItKeeps_andNotWhatSlotsOwn() {
    let lives = Lives()
    var slots: [Box<Slot<Unique>>] = []
    do {
      var slab = Slab<Unique>(growingBy: 4)
      for number in 0..<40 {
        let slot = slab.insert(Unique(number, lives))
        if number % 2 == 0 { _ = slab.keep(slot) } else { slots.append(Box(slot)) }
      }
      expect(slab.keptCount == 20)
    }
    #expect(lives.alive == 20 && lives.ended == 20)
    for (index, slot) in slots.enumerated() { expect(slot.value!.value.number == 2 * index + 1) }
    slots = []
    #expect(lives.alive == 0 && lives.ended == 40)
  }

  @Test func keptElements_mayOwnSlotsOfTheirSlab() {
    struct Parent: ~Copyable {
      var child: Slot<Parent>?
      let life: Unique
    }
    let lives = Lives()
    do {
      var slab = Slab<Parent>(capacity: 10)
      for number in 0..<5 {
        let child = slab.insert(Parent(child: nil, life: Unique(number, lives)))
        _ = slab.keep(slab.insert(Parent(child: child, life: Unique(number, lives))))
      }
      expect(slab.keptCount == 5 && slab.count == 10 && lives.alive == 10)
    }
    #expect(lives.alive == 0 && lives.ended == 10)
  }
}
