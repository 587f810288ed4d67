// Places of one size for elements of many types.

import Testing

@testable import NexusSlab

@Suite struct ByteSlabTests {
  private struct Wide { var numbers = InlineArray<8, Int>(repeating: 3) }

  @Test func elements_ofManyTypes_shareTheSlab() {
    let lives = Lives()
    let slab = ByteSlab(bytesPerSlot: 64, capacity: 4)
    var number = slab.insert(7)
    let text = slab.insert("a string that is too long to be stored inline")
    let unique = slab.insert(Unique(3, lives))
    let wide = slab.insert(Wide())
    expect(slab.count == 4 && slab.capacity == 4 && slab.bytesPerSlot >= 64)
    number.value += 1
    expect(number.value == 8 && text.value.hasSuffix("inline") && unique.value.number == 3)
    expect(wide.value.numbers[7] == 3)
    switch slab.tryInsert(Unique(4, lives)) {
    case .inserted: Issue.record("there was no room")
    case .full(let element): expect(element.number == 4)
    }
    expect(slab.tryClaim() == nil)
    // A place that held one type holds another.
    _ = consume unique
    #expect(lives.alive == 0)
    let other = slab.tryInsert([1, 2, 3]).slot()!
    expect(other.value == [1, 2, 3])
    expect(number.take() == 8 && slab.count == 3)
  }

  @Test func claim_takesAnyTypeLater_orGoesBack() {
    let lives = Lives()
    let slab = ByteSlab(bytesPerSlot: 32, growingBy: 1)
    let claims = (0..<3).map { _ in Box(slab.claim()) }
    #expect(slab.count == 3 && slab.capacity == 3)
    let text = claims[0].take().write("text")
    let unique = claims[1].take().write(Unique(1, lives))
    claims[2].value = nil
    expect(slab.count == 2 && text.value == "text" && unique.value.number == 1)
    _ = consume unique
    #expect(lives.alive == 0 && slab.count == 1)
  }

  @Test func fits_saysWhatInsertTakes() {
    let slab = ByteSlab(bytesPerSlot: 64, alignment: 8, capacity: 1)
    #expect(slab.fits(Wide.self) && slab.fits(Unique.self) && slab.fits(Void.self))
    // Too large; and small enough, but aligned to more.
    #expect(!slab.fits((Wide, UInt8).self) && !slab.fits(SIMD4<Double>.self))
    let aligned = ByteSlab(bytesPerSlot: 64, alignment: 64, capacity: 2)
    let slots = (0..<2).map { _ in Box(aligned.insert(SIMD16<Float>(repeating: 2))) }
    for slot in slots {
      unsafe expect(UInt(bitPattern: slot.value!.element) % 64 == 0)
      expect(slot.value!.value.sum() == 32)
    }
  }

  @Test func slots_mayOutliveTheirSlab() {
    let lives = Lives()
    var slab: ByteSlab? = ByteSlab(bytesPerSlot: 32, capacity: 2)
    let slot = slab!.insert(Unique(5, lives))
    let claim = slab!.claim()
    slab = nil
    expect(slot.value.number == 5)
    let other = claim.write(6)
    _ = consume slot
    expect(lives.alive == 0 && other.value == 6)
  }
}
