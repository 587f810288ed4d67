// The timer wheel against a sorted list: the same deadlines in the same order, whatever is inserted, removed and asked.

@testable import NexusRT
import Testing

@Suite struct TimerWheelTests {
  @Test(arguments: Array(UInt64(1)...24)) func wheel_doesWhatASortedListDoes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    // Around zero, at a usual time, across the middle of what a deadline can be, and at the very end.
    let starts: [UInt64] = [0, 3_600_000_000_000, UInt64.max / 2 - 5_000, UInt64.max - 1 << 34]
    var run = ModelRun(start: starts[Int(seed) % starts.count], owners: 400)
    for _ in 1...8_000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5: run.insert(using: &random)
      case 5..<7: run.remove(using: &random)
      case 7: run.advance(to: run.now)
      case 8: run.advance(to: run.now.saturatingAdd(distance(using: &random)))
      default: run.advance(to: max(run.now, run.model.first?.deadline ?? run.now))
      }
      run.check()
    }
    run.advance(to: .max)
    expect(run.wheel.isEmpty && run.wheel.count == 0 && run.model.isEmpty)
    expect(run.fired > 500)
  }

  @Test func equalDeadlines_fireInTheOrderInWhichTheyCame_howeverLongTheyWereThere() {
    let owners = Owners(300)
    var wheel = TimerWheel()
    let deadline: UInt64 = 1 << 37 + 12_345
    var now: UInt64 = 0
    // They come while the deadline is on the highest level of their lives, and on each below.
    for index in 0..<300 {
      wheel.insert(owners[index], deadline: deadline)
      now += (deadline - now) / 16
      expect(wheel.popExpired(now: now) == nil)
    }
    expect(wheel.popExpired(now: deadline - 1) == nil)
    for index in 0..<300 { expect(wheel.popExpired(now: deadline) == owners[index]) }
    expect(wheel.isEmpty)
  }

  @Test func deadline_firesInItsNanosecond_onEveryLevel() {
    let owners = Owners(1)
    for bit in UInt64(0)..<64 {
      var wheel = TimerWheel(time: 0)
      let deadline: UInt64 = (1 << bit) | (bit > 1 ? 3 : 0)
      wheel.insert(owners[0], deadline: deadline)
      expect(wheel.next == deadline && wheel.earliest == deadline)
      if deadline > 0 { expect(wheel.popExpired(now: deadline - 1) == nil) }
      expect(wheel.popExpired(now: deadline) == owners[0])
    }
  }

  @Test func deadlineInThePast_isDueAtOnce_afterThoseThatWereDueBefore() {
    let owners = Owners(3)
    var wheel = TimerWheel()
    wheel.insert(owners[0], deadline: 900)
    expect(wheel.popExpired(now: 500) == nil)
    wheel.insert(owners[1], deadline: 2)
    wheel.insert(owners[2], deadline: 1)
    expect(wheel.next! <= 500)
    expect(wheel.popExpired(now: 500) == owners[1])
    expect(wheel.popExpired(now: 500) == owners[2])
    expect(wheel.popExpired(now: 899) == nil)
    expect(wheel.popExpired(now: 900) == owners[0])
  }

  @Test func removedDeadline_leavesAtOnce_andItsNodeIsUsedAgain() {
    let owners = Owners(2)
    var wheel = TimerWheel()
    wheel.insert(owners[0], deadline: 10)
    let node = owners[0].place
    wheel.remove(owners[0])
    expect(owners[0].place == -1 && wheel.isEmpty && wheel.next == nil && wheel.popExpired(now: .max) == nil)
    wheel.remove(owners[0])
    expect(wheel.count == 0)
    var later = TimerWheel()
    later.insert(owners[0], deadline: 10)
    expect(owners[0].place == node)
    later.remove(owners[0])
  }

  /// Waking at `next` again and again must come to the deadline, in few steps however many lie close together.
  @Test func next_leadsToTheEarliestDeadline_inFewSteps() {
    let owners = Owners(20_000)
    var random = SeededGenerator(seed: 3)
    var wheel = TimerWheel()
    let first: UInt64 = 7_200_000_000_000
    for index in 0..<20_000 {
      wheel.insert(owners[index], deadline: first + UInt64.random(in: 0..<1_000_000, using: &random))
    }
    let earliest = wheel.earliest!
    var wakes = 0
    while true {
      wakes += 1
      let next = wheel.next!
      expect(next <= earliest)
      if let owner = wheel.popExpired(now: next) {
        expect(next == earliest && owner.place == -1)
        break
      }
    }
    expect(wakes <= 11, "\(wakes) wakes")
    for index in 0..<20_000 { wheel.remove(owners[index]) }
    expect(wheel.isEmpty)
  }

  /// A look that went over the deadlines would take two thousand times as long with two thousand times as many.
  @Test func look_whenNothingIsDue_takesNoLonger_withManyDeadlines() {
    let few = fastestLooks(10)
    let many = fastestLooks(20_000)
    #expect(many < few * 100, "\(many) among 20,000, \(few) among 10")
  }

  /// The time of 200 looks, of ten tries the best: nothing else on the machine makes that one slow.
  private func fastestLooks(_ count: Int) -> Duration {
    let owners = Owners(count)
    var random = SeededGenerator(seed: 8)
    var wheel = TimerWheel()
    for index in 0..<count {
      wheel.insert(owners[index], deadline: 1_000_000 + distance(using: &random))
    }
    var best = Duration.seconds(1_000)
    var now: UInt64 = 0
    for _ in 0..<10 {
      let start = ContinuousClock.now
      for _ in 0..<200 {
        now += 1
        expect(wheel.popExpired(now: now) == nil)
      }
      best = min(best, ContinuousClock.now - start)
    }
    for index in 0..<count { wheel.remove(owners[index]) }
    return best
  }
}

/// Slots that own deadlines, outside of any runtime.
@safe private final class Owners {
  private let slots: UnsafeMutablePointer<TaskSlot>
  let count: Int

  init(_ count: Int) {
    self.count = count
    unsafe slots = .allocate(capacity: count)
    for index in 0..<count { unsafe (slots + index).initialize(to: TaskSlot(index: UInt32(index))) }
  }

  subscript(_ index: Int) -> TimerOwner { unsafe TimerOwner(slots + index) }

  deinit {
    unsafe slots.deinitialize(count: count)
    unsafe slots.deallocate()
  }
}

/// A wheel and what it should hold.
private struct ModelRun: ~Copyable {
  struct Entry {
    /// When it fires.
    var deadline: UInt64
    var number: Int
    var owner: Int
  }

  let owners: Owners
  var wheel: TimerWheel
  var now: UInt64
  /// Sorted.
  var model: [Entry] = []
  private var inserted = 0
  private(set) var fired = 0

  init(start: UInt64, owners count: Int) {
    owners = Owners(count)
    wheel = TimerWheel(time: start)
    now = start
  }

  mutating func insert(using random: inout SeededGenerator) {
    let owner = Int.random(in: 0..<owners.count, using: &random)
    guard owners[owner].place < 0 else { return }
    let deadline: UInt64
    switch Int.random(in: 0..<8, using: &random) {
    case 0: deadline = now &- min(now, UInt64.random(in: 0..<100_000, using: &random))
    case 1: deadline = model.randomElement(using: &random)?.deadline ?? now
    case 2: deadline = .max
    case 3: deadline = UInt64.random(in: now...(.max), using: &random)
    default: deadline = now.saturatingAdd(distance(using: &random))
    }
    expect(wheel.time <= now)
    wheel.insert(owners[owner], deadline: deadline)
    let entry = Entry(deadline: max(deadline, wheel.time), number: inserted, owner: owner)
    inserted += 1
    let index = model.firstIndex { $0.deadline > entry.deadline } ?? model.count
    model.insert(entry, at: index)
  }

  mutating func remove(using random: inout SeededGenerator) {
    let owner = Int.random(in: 0..<owners.count, using: &random)
    wheel.remove(owners[owner])
    model.removeAll { $0.owner == owner }
    expect(owners[owner].place == -1)
  }

  mutating func advance(to time: UInt64) {
    now = time
    while let first = model.first, first.deadline <= now {
      guard let owner = wheel.popExpired(now: now) else {
        Issue.record("\(first) did not fire at \(now)")
        return
      }
      expect(owner == owners[first.owner])
      model.removeFirst()
      fired += 1
    }
    expect(wheel.popExpired(now: now) == nil)
  }

  func check() {
    expect(wheel.count == model.count && wheel.isEmpty == model.isEmpty)
    expect(wheel.earliest == model.first?.deadline)
    if let next = wheel.next { expect(next <= model.first!.deadline) }
  }
}

/// Some ns: of any order of magnitude.
private func distance(using random: inout SeededGenerator) -> UInt64 {
  UInt64.random(in: 0..<(1 << UInt64.random(in: 0..<45, using: &random)), using: &random)
}

extension UInt64 {
  fileprivate func saturatingAdd(_ other: UInt64) -> UInt64 {
    let (sum, isOver) = addingReportingOverflow(other)
    return isOver ? .max : sum
  }
}
