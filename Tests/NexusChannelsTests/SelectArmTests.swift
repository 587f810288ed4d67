// Which arm of a select wins, and what the others leave undone. After the corpora of crossbeam's select and Go's.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct SelectArmTests {
  /// Room that a permit gives back and a value that is received: two changes, which must not cancel each other.
  @Test func sendVersion_onlyGrows() throws {
    let ends = MPSC.channel(of: Int.self, capacity: 2)
    let tx = ends.sender
    var rx = ends.receiver
    let core = tx._core
    try tx.trySend(1)
    let permit = try tx.tryReserve()
    var before = core.sendVersion
    _ = consume permit
    expect(core.sendVersion > before)
    before = core.sendVersion
    try expect(rx.tryReceive() == 1)
    expect(core.sendVersion > before)
    before = core.sendVersion
    try tx.tryReserve().send(2)
    expect(core.sendVersion > before)
  }

  /// crossbeam smoke1/2, default, disconnected, default_when_disconnected.
  @Test(arguments: [1, 4, Int.max]) func trySelect_takesWhatIsThere_andNothingElse(capacity: Int) throws {
    let a = channel(capacity)
    let b = channel(capacity)
    #expect(received(trySelect(a.receiver.receiving(), b.receiver.receiving())) == nil)
    try a.sender.trySend(1)
    expect(received(trySelect(a.receiver.receiving(), b.receiver.receiving())) == .first(1))
    #expect(received(trySelect(a.receiver.receiving(), b.receiver.receiving())) == nil)
    try b.sender.trySend(2)
    expect(received(trySelect(a.receiver.receiving(), b.receiver.receiving())) == .second(2))
    b.sender.close()
    expect(received(trySelect(a.receiver.receiving(), b.receiver.receiving())) == .second(nil))
    try a.sender.trySend(3)
    expect(
      received(trySelect(a.receiver.receiving(), b.receiver.receiving(), order: .listed)) == .first(3))
  }

  /// crossbeam both_ready: each once, and then nothing.
  @Test func trySelect_withBothReady_takesOneAtATime() throws {
    let a = channel(1)
    let b = channel(1)
    try a.sender.trySend(1)
    try b.sender.trySend(2)
    var sum = 0
    for _ in 0..<2 {
      switch received(trySelect(a.receiver.receiving(), b.receiver.receiving())) {
      case .first(let value)?, .second(let value)?: sum += value ?? 0
      case nil: Issue.record("nothing was ready")
      }
    }
    #expect(sum == 3)
    #expect(received(trySelect(a.receiver.receiving(), b.receiver.receiving())) == nil)
  }

  /// crossbeam send_recv_same_channel, Go's TestSelfSelect: a select never meets itself.
  @Test func selectOnBothSides_ofARendezvous_waits_andMeetsAnother() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 0)
      let tx = ends.sender
      let rx = ends.receiver
      expect(trySelect(tx.sending(1), rx.receiving()) == nil)
      let one = selectBothSides(tx.clone(), rx.clone(), 1)
      await settle()
      expect(!one.isFinished)
      let other = selectBothSides(tx.clone(), rx.clone(), 2)
      let (a, b) = (try await one.value(), try await other.value())
      // One sent and the other received, the other's value.
      #expect((a == 2 && b == 0) || (a == 0 && b == 1))
      expect(isQuiet(tx._core))
    }
  }

  /// At a buffered channel it may send to itself, but never in one select.
  @Test func selectOnBothSides_ofABufferedChannel_doesOneOfTwo() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 1)
      var (sent, received) = (0, 0)
      for number in 0..<1_000 {
        switch try await select(ends.sender.sending(number), ends.receiver.receiving()) {
        case .first: sent += 1
        case .second(let value):
          received += 1
          #expect(value == number - 1)
        }
      }
      #expect(sent == 500 && received == 500)
    }
  }

  /// crossbeam duplicate_operations, Go's TestSelectDuplicateChannel.
  @Test func sameChannel_inSeveralArms_givesEachValueOnce() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 0)
      let tx = ends.sender
      let rx = ends.receiver
      let selecting = spawnBoxed(rx.clone()) { rx in
        var values: [Int] = []
        for _ in 0..<100 {
          switch try await select(rx.receiving(), rx.receiving(), rx.receiving()) {
          case .first(let value), .second(let value), .third(let value): values.append(value ?? -1)
          }
        }
        return values
      }
      for number in 0..<100 { try await tx.send(number) }
      let values = try await selecting.value()
      #expect(values == Array(0..<100))
      expect(isQuiet(tx._core))
    }
  }

  /// crossbeam fairness1/2 and fairness_duplicates, Go's TestSelectFairness and TestPseudoRandomSend.
  @Test func fairSelect_ofArmsAlwaysReady_takesEachAboutAsOften() throws {
    try onRuntime {
      let a = channel(10_000)
      let b = channel(10_000)
      let c = channel(10_000)
      for number in 0..<6_000 {
        try a.sender.trySend(number)
        try b.sender.trySend(number)
        try c.sender.trySend(number)
      }
      var counts = [0, 0, 0]
      for _ in 0..<6_000 {
        switch try await select(a.receiver.receiving(), b.receiver.receiving(), c.receiver.receiving()) {
        case .first: counts[0] += 1
        case .second: counts[1] += 1
        case .third: counts[2] += 1
        }
      }
      // The standard deviation is 37.
      for count in counts { #expect(abs(count - 2_000) < 300, "\(counts)") }
    }
  }

  @Test func listedSelect_takesTheFirstThatIsReady() throws {
    try onRuntime {
      let a = channel(100)
      let b = channel(100)
      for number in 0..<100 {
        try a.sender.trySend(number)
        try b.sender.trySend(number)
      }
      for number in 0..<100 {
        expect(
          received(try await select(a.receiver.receiving(), b.receiver.receiving(), order: .listed))
            == .first(number))
      }
      expect(
        received(try await select(a.receiver.receiving(), b.receiver.receiving(), order: .listed))
          == .second(0))
    }
  }

  /// All kinds of arm at a time; each of them wins in its turn.
  @Test func arms_ofAllKinds_eachWin() throws {
    try onRuntime {
      let local = Local.channel(of: Int.self, capacity: 1)
      let spsc = SPSC.channel(of: Int.self, capacity: 1)
      let mpsc = MPSC.channel(of: Int.self, capacity: 1)
      let mpmc = MPMC.channel(of: Int.self, capacity: 0)
      var localRx = local.receiver
      let localTx = local.sender
      let localCore = localTx._core
      var spscRx = spsc.receiver
      let spscTx = spsc.sender
      let spscCore = spscTx._core
      let mpscTx = mpsc.sender
      let mpscRx = mpsc.receiver
      let mpscCore = mpscTx._core
      try mpscTx.trySend(0)
      let gate = Noted(false)
      let task = spawnBoxed { while !gate.value { await yield() } }
      for expected in 1...6 {
        let waker = spawnBoxed(mpmc.receiver.clone()) { rx in
          await yield()
          await yield()
          switch expected {
          case 1: _ = localCore.offer(1)
          case 2: _ = spscCore.offer(2)
          case 3: _ = mpscCore.take()
          case 4: _ = try await rx.receive()
          case 5: break
          default: gate.value = true
          }
        }
        let alarm = expected == 5 ? Alarm.after(.milliseconds(1)) : Alarm.after(.seconds(1_000))
        let winner: Int
        switch try await select(
          localRx.receiving(), spscRx.receiving(), mpscTx.sending(3), mpmc.sender.sending(4), alarm,
          task.ending())
        {
        case .first(let value): winner = value == 1 ? 1 : 0
        case .second(let value): winner = value == 2 ? 2 : 0
        case .third: winner = 3
        case .fourth: winner = 4
        case .fifth: winner = 5
        case .sixth: winner = 6
        }
        #expect(winner == expected)
        try await waker.value()
        expect(isQuiet(mpmc.sender._core))
        expect(unsafe localCore.block.pointee.receiver == .none)
      }
      expect(task.isFinished)
      expect(localTx.count == 0 && spscTx.count == 0 && mpscRx.count == 1)
    }
  }
}
