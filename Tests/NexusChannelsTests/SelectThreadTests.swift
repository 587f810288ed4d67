// Selects of tasks and of plain threads against each other, under load: one arm wins, and every value is received once.

import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

@Suite struct SelectThreadTests {
  /// crossbeam matching and matching_with_leftover: each select both sends and receives, and meets another one.
  @Test(arguments: [8, 9], [false, true]) func selectsOnBothSides_findPartners(count: Int, inThreads: Bool)
    throws
  {
    let ends = MPMC.channel(of: Int.self, capacity: 0)
    let tx = Handover(ends.sender.clone())
    let rx = Handover(ends.receiver.clone())
    let partners: [Int?]
    if inThreads {
      let threads = (0..<count).map { number in
        let tx = Handover(ends.sender.clone())
        let rx = Handover(ends.receiver.clone())
        return Worker { selectBlockingOnce(tx.take(), rx.take(), number) }
      }
      if count % 2 == 1 { try ends.sender.sendBlocking(-1) }
      partners = try threads.map { try $0.join() }
    } else {
      partners = try onRuntime {
        let tx = tx.take()
        let rx = rx.take()
        var handles = HandleList<Int?>()
        for number in 0..<count {
          handles.append(
            spawnBoxed(tx.clone(), rx.clone()) { tx, rx in
              if case .second(let value) = try await select(tx.sending(number), rx.receiving()) {
                return value
              }
              return nil
            })
        }
        await settle()
        if count % 2 == 1 { try await tx.send(-1) }
        return try await handles.values()
      }
    }
    let met = partners.enumerated().compactMap { index, value in value.map { (index, $0) } }
    #expect(met.count == (count + 1) / 2)
    #expect(met.allSatisfy { $0.0 != $0.1 })
    #expect(Set(met.map { $0.1 }).count == met.count)
    expect(isQuiet(ends.sender._core))
  }

  /// Catalogue 6: flume's probe 7, where two arms commit; and Go's TestNonblockSelectRace. Both partners come at a time.
  @Test func selectOfASendAndAReceive_commitsOneOfThem() throws {
    let rounds = 10_000
    let a = MPMC.channel(of: Int.self, capacity: 0)
    let b = MPMC.channel(of: Int.self, capacity: 0)
    let counts = Handover(a.receiver.clone())
    let giving = Handover(b.sender.clone())
    // Takes from `a`, what the select's sending arm gives, until that closes.
    let taker = Worker {
      let rx = counts.take()
      var sum = 0
      while (try? rx.receiveBlocking()) != nil { sum += 1 }
      return sum
    }
    // Gives to `b`, what the select's receiving arm takes, until that closes.
    let giver = Worker {
      let tx = giving.take()
      var sum = 0
      while (try? tx.sendBlocking(sum)) != nil { sum += 1 }
      return sum
    }
    let tx = Handover(a.sender.clone())
    let rx = Handover(b.receiver.clone())
    let (sent, received) = try onRuntime {
      let tx = tx.take()
      let rx = rx.take()
      var sent = 0
      var received = 0
      for number in 0..<rounds {
        switch try await select(tx.sending(number), rx.receiving()) {
        case .first: sent += 1
        case .second(let value):
          expect(value == received)
          received += 1
        }
      }
      tx.close()
      rx.close()
      return (sent, received)
    }
    #expect(sent + received == rounds)
    try expect(taker.join() == sent)
    try expect(giver.join() == received)
    expect(isQuiet(a.sender._core) && isQuiet(b.sender._core))
  }

  /// crossbeam stress_mixed, linearizable_timeout, Go's TestSelectStress and TestMultiConsumer: values that went in come out
  /// once, with tasks, threads, time limits and both directions.
  @Test(arguments: [0, 1, 3]) func values_ofSelectsInTasksAndThreads_areReceivedOnce(capacity: Int) throws {
    let perWorker = scaled(1_000)
    let workers = 4
    let a = channel(capacity)
    let b = channel(capacity)
    let received = Guarded([Int]())
    let sent = Atomic<Int>(0)
    let isOver = Atomic<Bool>(false)
    let mixed = (0..<workers).map { worker in
      let sides = Handover(Both(a.sender.clone(), b.sender.clone(), a.receiver.clone(), b.receiver.clone()))
      let count = perWorker
      @Sendable func note(_ value: Int??) {
        if let value, let value { received.withLock { $0.append(value) } }
      }
      if worker % 2 == 0 {
        return runtimeThread {
          let side = sides.take()
          var number = 0
          var misses = 0
          while number < count {
            let value = worker * count + number
            let tick = Alarm.after(.microseconds(10 << min(misses, 12)))
            switch try await select(
              side.a.sending(value), side.b.sending(value), side.c.receiving(), side.d.receiving(), tick)
            {
            case .first(.success), .second(.success):
              number += 1
              misses = 0
              sent.add(1, ordering: .relaxed)
            case .third(let value), .fourth(let value): note(value)
            default: misses += 1
            }
          }
        }
      }
      return Worker {
        let side = sides.take()
        var number = 0
        var misses = 0
        while number < count {
          let value = worker * count + number
          let tick = Alarm.after(.microseconds(10 << min(misses, 12)))
          switch selectBlocking(
            side.a.sending(value), side.b.sending(value), side.c.receiving(), side.d.receiving(), tick)
          {
          case .first(.success), .second(.success):
            number += 1
            misses = 0
            sent.add(1, ordering: .relaxed)
          case .third(let value), .fourth(let value): note(value)
          default: misses += 1
          }
        }
      }
    }
    let first = Handover(a.receiver.clone())
    let second = Handover(b.receiver.clone())
    let drain = Worker {
      let a = first.take()
      let b = second.take()
      while true {
        let wasOver = isOver.load(ordering: .acquiring)
        switch selectBlocking(a.receiving(), b.receiving(), Alarm.after(.milliseconds(2))) {
        case .first(let value), .second(let value): if let value { received.withLock { $0.append(value) } }
        case .third: if wasOver { return }
        }
      }
    }
    for worker in mixed { try worker.join() }
    isOver.store(true, ordering: .releasing)
    try drain.join()
    let values = received.withLock { $0.sorted() }
    #expect(sent.load(ordering: .relaxed) == workers * perWorker)
    #expect(values == Array(0..<workers * perWorker))
    expect(isQuiet(a.sender._core) && isQuiet(b.sender._core))
  }

  /// crossbeam timeout and stress_timeout_two_threads.
  @Test func selectBlocking_withAnAlarm_endsInTime() throws {
    let a = channel(0)
    let b = channel(0)
    for _ in 0..<20 {
      let started = Deadline.now
      if case .third = selectBlocking(
        a.receiver.receiving(), b.sender.sending(1), Alarm.after(.milliseconds(1)))
      {
        expect(Deadline.now.nanoseconds - started.nanoseconds >= 1_000_000)
      } else {
        Issue.record("nobody was there")
      }
      expect(isQuiet(a.sender._core) && isQuiet(b.sender._core))
    }
  }

  /// crossbeam linearizable_try, Go's TestNonblockSelectRace2: at each moment one of two channels holds a value; a look at
  /// both at a time finds it. The looker only closes the round once it has found something.
  @Test func trySelect_ofTwoChannels_missesNoValueThatWasThereBefore() throws {
    let rounds = 10_000
    let misses = try onRuntime {
      var misses = 0
      for _ in 0..<rounds / 10 {
        let a = channel(1)
        let b = channel(1)
        try a.sender.trySend(1)
        let tx = Handover(b.sender.clone())
        let rx = Handover(a.receiver.clone())
        // Another thread moves the value: it is in `b` before it leaves `a`.
        let mover = Worker {
          try tx.take().trySend(2)
          return try rx.take().tryReceive()
        }
        let winner = received(trySelect(a.receiver.receiving(), b.receiver.receiving()))
        if winner == nil { misses += 1 }
        _ = try mover.join()
      }
      return misses
    }
    #expect(misses == 0)
  }
}

/// The ends of two channels, to be carried into a thread.
struct Both: ~Copyable {
  let a: MPMC.Sender<Int>
  let b: MPMC.Sender<Int>
  let c: MPMC.Receiver<Int>
  let d: MPMC.Receiver<Int>

  init(
    _ a: consuming MPMC.Sender<Int>, _ b: consuming MPMC.Sender<Int>, _ c: consuming MPMC.Receiver<Int>,
    _ d: consuming MPMC.Receiver<Int>
  ) {
    self.a = a
    self.b = b
    self.c = c
    self.d = d
  }
}

private func selectBlockingOnce(
  _ tx: consuming MPMC.Sender<Int>, _ rx: consuming MPMC.Receiver<Int>, _ number: Int
) -> Int? {
  if case .second(let value) = selectBlocking(tx.sending(number), rx.receiving()) { return value }
  return nil
}
