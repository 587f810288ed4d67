// Slots own their elements: what they give access to, when the element goes, and when the place and the memory do.

import Testing

@testable import NexusSlab

private struct Vector: Equatable { var lanes = SIMD16<Float>(repeating: 1) }

private struct Node: ~Copyable {
  var number: Int
  var next: Slot<Node>?
  let lives: Lives
  init(_ number: Int, _ next: consuming Slot<Node>?, _ lives: Lives) {
    self.number = number
    self.next = next
    self.lives = lives
    lives.add()
  }
  deinit { lives.end() }
}

@Suite struct SlotTests {
  @Test func slot_isEightBytes_andOptionalToo() {
    #expect(MemoryLayout<Slot<Unique>>.size == 8 && MemoryLayout<Slot<Unique>?>.size <= 9)
    #expect(MemoryLayout<SlabClaim<Unique>>.size == 8 && MemoryLayout<ByteSlabClaim>.size == 8)
    #expect(MemoryLayout<SlabKey<Unique>>.size == 16)
  }

  @Test func element_isChangedInPlace_andMovedOut_once() {
    let lives = Lives()
    let slab = Slab<Unique>(capacity: 2)
    var slot = slab.insert(Unique(1, lives))
    slot.value.number += 41
    expect(slot.value.number == 42)
    expect(slab.count == 1)
    let element = slot.take()
    expect(element.number == 42 && lives.alive == 1 && slab.count == 0)
    _ = consume element
    #expect(lives.alive == 0 && lives.ended == 1)
  }

  @Test func slot_thatIsDropped_endsItsElement_andFreesThePlace() {
    let lives = Lives()
    let slab = Slab<Unique>(capacity: 1)
    for round in 1...100 {
      let slot = slab.insert(Unique(round, lives))
      expect(slot.value.number == round && slab.count == 1 && lives.alive == 1)
      _ = consume slot
      expect(slab.count == 0 && lives.alive == 0 && lives.ended == round)
    }
    #expect(slab.capacity == 1)
  }

  @Test func places_areUsedAgain_theLastFreedFirst() {
    let slab = Slab<Int>(capacity: 4)
    let (a, b, c) = (Box(slab.insert(0)), Box(slab.insert(1)), Box(slab.insert(2)))
    let places = [a, b, c].map { unsafe Int(bitPattern: $0.value!.element) }
    // Made with the lowest first.
    #expect(places == places.sorted())
    a.value = nil
    c.value = nil
    b.value = nil
    let again = (0..<3).map { Box(slab.insert($0)) }
    #expect(again.map { unsafe Int(bitPattern: $0.value!.element) } == [places[1], places[2], places[0]])
  }

  @Test func full_isTold_andTheElementComesBack() {
    let lives = Lives()
    let slab = Slab<Unique>(capacity: 2)
    let first = slab.insert(Unique(1, lives))
    let second = slab.tryInsert(Unique(2, lives)).slot()!
    expect(second.value.number == 2 && slab.count == 2)
    switch slab.tryInsert(Unique(3, lives)) {
    case .inserted: Issue.record("there was no room")
    case .full(let element): expect(element.number == 3 && lives.alive == 3)
    }
    expect(slab.tryClaim() == nil)
    #expect(lives.alive == 2 && slab.count == 2)
    _ = consume first
    let third = slab.tryInsert(Unique(4, lives)).slot()!
    expect(third.value.number == 4 && slab.count == 2)
  }

  @Test func claim_isWrittenLater_orGoesBack() {
    let lives = Lives()
    let slab = Slab<Unique>(capacity: 2)
    let one = slab.claim()
    let two = slab.tryClaim()
    expect(two != nil && slab.count == 2 && slab.tryClaim() == nil)
    _ = consume two
    #expect(slab.count == 1)
    let slot = one.write(Unique(7, lives))
    expect(slab.count == 1 && slot.value.number == 7 && lives.alive == 1)
    _ = consume slot
    #expect(slab.count == 0 && lives.alive == 0)
  }

  @Test func slab_thatGrows_movesNothing() {
    let lives = Lives()
    let slab = Slab<Unique>(growingBy: 3)
    #expect(slab.capacity == 4)
    var slots: [Box<Slot<Unique>>] = []
    var places: [Int] = []
    for number in 0..<100 {
      slots.append(Box(slab.insert(Unique(number, lives))))
      unsafe places.append(Int(bitPattern: slots.last!.value!.element))
    }
    #expect(slab.capacity == 100 && slab.count == 100 && Set(places).count == 100)
    for (number, slot) in slots.enumerated() {
      expect(
        unsafe slot.value!.value.number == number && Int(bitPattern: slot.value!.element) == places[number])
    }
    slots = []
    #expect(slab.count == 0 && slab.capacity == 100 && lives.alive == 0 && lives.ended == 100)
    // It does not grow while a slot is free.
    let again = (0..<100).map { Box(slab.insert(Unique($0, lives))) }
    #expect(slab.capacity == 100)
    _ = consume again
  }

  @Test func slots_mayOutliveTheirSlab() {
    let lives = Lives()
    var slab: Slab<Unique>? = Slab<Unique>(growingBy: 1)
    let slots = Box(slab!.insert(Unique(1, lives)))
    let other = slab!.insert(Unique(2, lives))
    let claim = slab!.claim()
    slab = nil
    #expect(lives.alive == 2)
    slots.value!.value.number += 1
    expect(slots.value!.value.number == 2)
    let written = claim.write(Unique(3, lives))
    slots.value = nil
    _ = consume other
    expect(lives.alive == 1 && written.value.number == 3)
    _ = consume written
    #expect(lives.alive == 0 && lives.ended == 3)
  }

  @Test func elements_mayOwnSlotsOfTheirSlab() {
    let lives = Lives()
    let slab = Slab<Node>(capacity: 64)
    var list: Slot<Node>? = nil
    for number in 0..<64 { list = slab.insert(Node(number, list.take(), lives)) }
    expect(slab.count == 64 && list!.value.next!.value.number == 62)
    // The front, and then the rest at once.
    let front = list.take()!.take()
    expect(slab.count == 63 && front.number == 63)
    _ = consume front
    #expect(slab.count == 0 && lives.alive == 0 && lives.ended == 64)
  }

  @Test func element_whoseEndUsesTheSlab_findsItInOrder() {
    final class Pool {
      let slab = Slab<Ending>(capacity: 4)
      var ended: [Int] = []
    }
    struct Ending: ~Copyable {
      let number: Int
      unowned let pool: Pool
      deinit {
        pool.ended.append(number)
        // The place is still in use while the element goes.
        if number > 0 { _ = pool.slab.insert(Ending(number: number - 1, pool: pool)) }
      }
    }
    let pool = Pool()
    _ = pool.slab.insert(Ending(number: 3, pool: pool))
    #expect(pool.ended == [3, 2, 1, 0] && pool.slab.count == 0)
  }

  @Test func elements_ofEveryShape_areAligned_andKeptApart() {
    func check<Element: Equatable>(_ first: Element, _ second: Element) {
      let slab = Slab<Element>(capacity: 3)
      let slots = [first, second, first].map { Box(slab.insert($0)) }
      for slot in slots {
        unsafe expect(UInt(bitPattern: slot.value!.element) % UInt(MemoryLayout<Element>.alignment) == 0)
      }
      expect(
        slots[0].value!.value == first && slots[1].value!.value == second && slots[2].value!.value == first)
    }
    check(UInt8(1), 2)
    check("a string that is too long to be stored inline", "b")
    check(Vector(), Vector(lanes: .init(repeating: 2)))
    check([1, 2], [3])
    let nothing = Slab<Void>(capacity: 2)
    let one = nothing.insert(())
    let two = nothing.insert(())
    expect(nothing.count == 2 && nothing.tryClaim() == nil)
    _ = consume one
    _ = consume two
    expect(nothing.count == 0)
  }
}
