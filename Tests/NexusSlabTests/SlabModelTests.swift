// Random use of a slab beside a dictionary, by seed: the same elements, each with one life.

import Testing

@testable import NexusSlab

@Suite struct SlabModelTests {
  /// A slab and what should be in it.
  private struct Model: ~Copyable {
    var slab: Slab<Unique>
    var slots: [(slot: Box<Slot<Unique>>, number: Int)] = []
    var keys: [(key: SlabKey<Unique>, number: Int)] = []
    var old: [SlabKey<Unique>] = []
    var claims: [Box<SlabClaim<Unique>>] = []
    var next = 0
    let bound: Int?
    let lives = Lives()

    init(bound: Int?, chunk: Int) {
      self.bound = bound
      slab = bound.map { Slab(capacity: $0) } ?? Slab(growingBy: chunk)
    }

    var used: Int { slots.count + keys.count + claims.count }
    var isFull: Bool { used == bound }

    mutating func make() -> Unique {
      next += 1
      return Unique(next, lives)
    }

    /// One operation; what is wrong with it, if anything.
    mutating func step(_ random: inout SeededGenerator) -> String? {
      switch random.below(13) {
      case 0, 1, 2:
        let wasFull = isFull
        let slot = slab.tryInsert(make()).slot()
        if (slot == nil) != wasFull { return "tryInsert says \(slot == nil ? "full" : "room")" }
        if let slot { slots.append((Box(slot), next)) }
      case 3:
        guard !slots.isEmpty else { return nil }
        let (slot, number) = slots.remove(at: random.below(slots.count))
        if slot.value!.value.number != number { return "a slot has another element" }
        slot.value = nil
      case 4:
        guard !slots.isEmpty else { return nil }
        let (slot, number) = slots.remove(at: random.below(slots.count))
        if slot.take().take().number != number { return "another element was taken" }
      case 5:
        guard !slots.isEmpty else { return nil }
        let index = random.below(slots.count)
        next += 1
        slots[index].slot.value!.value.number = next
        slots[index].number = next
      case 6, 7:
        guard !slots.isEmpty else { return nil }
        let (slot, number) = slots.remove(at: random.below(slots.count))
        keys.append((slab.keep(slot.take()), number))
      case 8:
        guard !keys.isEmpty else { return nil }
        let index = random.below(keys.count)
        next += 1
        let found = slab.update(keys[index].key) { [next] element in
          defer { element.number = next }
          return element.number
        }
        if found != keys[index].number { return "update found \(found as Any)" }
        keys[index].number = next
      case 9, 10:
        guard !keys.isEmpty else { return nil }
        let (key, number) = keys.remove(at: random.below(keys.count))
        old.append(key)
        guard let slot = slab.remove(key) else { return "remove found nothing" }
        if slot.value.number != number { return "remove found another element" }
        if random.below(3) == 0 { slots.append((Box(slot), number)) }
      case 11:
        if claims.isEmpty || random.below(2) == 0 {
          let wasFull = isFull
          let claim = slab.tryClaim()
          if (claim == nil) != wasFull { return "tryClaim says \(claim == nil ? "full" : "room")" }
          if let claim { claims.append(Box(claim)) }
        } else {
          let claim = claims.remove(at: random.below(claims.count))
          if random.below(2) == 0 { slots.append((Box(claim.take().write(make())), next)) }
        }
      default:
        guard !old.isEmpty else { return nil }
        let key = old[random.below(old.count)]
        if slab.contains(key) { return "a key that is out of date was found" }
        if slab.remove(key) != nil { return "a key that is out of date was removed" }
      }
      return nil
    }

    func check() -> String? {
      if slab.count != used { return "\(slab.count) slots in use, not \(used)" }
      if slab.keptCount != keys.count { return "\(slab.keptCount) kept, not \(keys.count)" }
      if lives.alive != slots.count + keys.count { return "\(lives.alive) elements are alive" }
      var found: [SlabKey<Unique>: Int] = [:]
      var twice = false
      slab.forEach { key, element in twice = found.updateValue(element.number, forKey: key) != nil || twice }
      if twice { return "an element was visited twice" }
      if found != Dictionary(uniqueKeysWithValues: keys.map { ($0.key, $0.number) }) {
        return "iteration gave \(found)"
      }
      for (slot, number) in slots where slot.value!.value.number != number { return "slot \(number) changed" }
      return nil
    }
  }

  @Test(arguments: [(1, 0), (7, 0), (64, 0), (nil, 1), (nil, 16)] as [(Int?, Int)])
  func randomUse_isThatOfADictionary(bound: Int?, chunk: Int) {
    for round in 0..<20 * soakFactor {
      let seed = freshSeed() &+ UInt64(round)
      var random = SeededGenerator(seed: seed)
      var model = Model(bound: bound, chunk: chunk)
      for step in 0..<1_000 {
        var wrong = model.step(&random)
        if step % 50 == 49 { wrong = wrong ?? model.check() }
        if let wrong { return expect(false, "seed \(seed), step \(step): \(wrong)") }
      }
      // The slab goes first, with whatever is in it: slots and claims live on.
      let lives = model.lives
      let left = takeApart(model)
      expect(lives.alive == left.slots.count, "seed \(seed)")
      for (slot, number) in left.slots { expect(slot.value!.value.number == number, "seed \(seed)") }
      left.drop()
      expect(lives.alive == 0, "seed \(seed)")
    }
  }

  private final class Left {
    var slots: [(slot: Box<Slot<Unique>>, number: Int)]
    var claims: [Box<SlabClaim<Unique>>]
    init(_ model: borrowing Model) {
      slots = model.slots
      claims = model.claims
    }
    func drop() {
      slots = []
      claims = []
    }
  }

  private func takeApart(_ model: consuming Model) -> Left { Left(model) }
}
