// Market data, from the threads that receive it to who trades on it and who keeps it:
//
//   4 threads --MPSC--> the book's task --Broadcast--> 2 subscribers' tasks
//                                       --SPSCBytes--> the archive's task --> a file
//
// It ends from the front: the book's task stops, since the threads are done or its time is up, and drops its ends. Each of
// its neighbours sees that at its own end, and nobody has to be told.

import NexusChannels
import NexusRT

struct Tick: Sendable {
  var source, number, symbol, price: Int
}

/// The best price of a symbol, as subscribers get it.
struct Quote: Sendable {
  var symbol, price: Int
}

/// What went through each part.
struct Counts: Sendable {
  /// By the threads, into the channel.
  var sent = 0
  var applied = 0
  /// Ticks that were out of order within their source: none.
  var misordered = 0
  var published = 0
  /// What each subscriber got, and what it was too slow for.
  var subscribers: [(received: Int, missed: Int)] = []
  var archivedBytes = 0
  var wasStopped = false

  /// Whether nothing was lost on the way but what was in the first channel when the time was up.
  var isSound: Bool {
    misordered == 0 && archivedBytes == applied * TickPipeline.recordSize
      && subscribers.allSatisfy { $0.received + $0.missed == published }
      && (wasStopped ? sent - applied <= TickPipeline.ticksAhead : sent == applied)
  }
}

struct TickPipeline: Sendable {
  static let sources = 4
  static let symbols = 64
  static let ticksAhead = 1024
  static let recordSize = 24

  var ticksPerSource: Int
  var limit: Duration
  var archive: String

  /// Runs the pipeline on this thread, which gets a runtime, and four others.
  func run() throws -> Counts { try Runtime().blockOn { try await runInTask() } }

  nonisolated(nonsending) func runInTask() async throws -> Counts {
    let ticks = MPSC.channel(of: Tick.self, capacity: TickPipeline.ticksAhead)
    let quotes = Broadcast.channel(of: Quote.self, capacity: 256)
    let records = SPSCBytes.channel(capacity: 1 << 16)
    let sent = MPSC.channel(of: Int.self, capacity: TickPipeline.sources)

    for source in 0..<TickPipeline.sources {
      startThread(Feed(ticks: ticks.sender.clone(), sent: sent.sender.clone())) { [ticksPerSource] feed in
        try feed.run(source, count: ticksPerSource)
      }
    }
    // The threads' clones keep these open.
    ticks.sender.close()
    sent.sender.close()

    let second = quotes.sender.subscribe()
    let strategy = spawnBoxed(quotes.receiver) { try await TickPipeline.follow($0, pausing: false) }
    let monitor = spawnBoxed(second) { try await TickPipeline.follow($0, pausing: true) }
    let path = archive
    let archiver = spawnBoxed(records.receiver) { try await TickPipeline.write($0, to: path) }

    var counts = try await keepBook(ticks.receiver, quotes.sender, records.sender)
    // The three ends that were given to it are gone now, so each of these ends by itself.
    counts.subscribers = [try await strategy.value(), try await monitor.value()]
    counts.archivedBytes = try await archiver.value()
    var totals = sent.receiver
    while let count = try await totals.next() { counts.sent += count }
    return counts
  }

  // MARK: The threads

  struct Feed: ~Copyable, Sendable {
    var ticks: MPSC.Sender<Tick>
    var sent: MPSC.Sender<Int>

    /// Sends `count` ticks, or until nobody wants them any more; then says how many went out.
    consuming func run(_ source: Int, count: Int) throws {
      var state = UInt64(source + 1)
      var number = 0
      do {
        while number < count {
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          let symbol = Int(state >> 33) % TickPipeline.symbols
          let price = 10_000 + Int(state >> 50) % 100
          try ticks.sendBlocking(Tick(source: source, number: number, symbol: symbol, price: price))
          number += 1
        }
      } catch SendError<Tick>.closed {}
      try sent.sendBlocking(number)
    }
  }

  // MARK: The tasks

  /// Applies ticks in batches, archives each, and publishes those that change a price.
  nonisolated(nonsending) func keepBook(
    _ ticks: consuming MPSC.Receiver<Tick>, _ quotes: consuming Broadcast.Sender<Quote>,
    _ records: consuming SPSCBytes.Sender
  ) async throws -> Counts {
    let deadline = Deadline.after(limit)
    var counts = Counts()
    var prices = [Int](repeating: 0, count: TickPipeline.symbols)
    var next = [Int](repeating: 0, count: TickPipeline.sources)
    var batch: [Tick] = []
    // A receive that finds something does not look at its deadline: under load the loop has to.
    while !deadline.isPast {
      batch.removeAll(keepingCapacity: true)
      do throws(ReceiveError) {
        _ = try await ticks.receive(into: &batch, atMost: 64, until: deadline)
      } catch {
        if error == .closed { return counts }
        break
      }
      // Without the deadline: what was taken is applied in full.
      for tick in batch {
        if tick.number != next[tick.source] { counts.misordered += 1 }
        next[tick.source] = tick.number + 1
        if prices[tick.symbol] != tick.price {
          prices[tick.symbol] = tick.price
          try await quotes.send(Quote(symbol: tick.symbol, price: tick.price))
          counts.published += 1
        }
        var claim = try await records.claim(TickPipeline.recordSize)
        claim.write {
          $0.storeBytes(of: tick.number, toByteOffset: 0, as: Int.self)
          $0.storeBytes(of: tick.source << 32 | tick.symbol, toByteOffset: 8, as: Int.self)
          $0.storeBytes(of: tick.price, toByteOffset: 16, as: Int.self)
        }
        claim.commit()
        counts.applied += 1
      }
    }
    counts.wasStopped = true
    return counts
  }

  /// Counts the quotes that a subscriber gets, and those that it was too slow for.
  nonisolated(nonsending) static func follow(
    _ quotes: consuming Broadcast.Receiver<Quote>, pausing: Bool
  ) async throws -> (received: Int, missed: Int) {
    var (received, missed) = (0, 0)
    while true {
      do throws(BroadcastError) {
        _ = try await quotes.receive()
        received += 1
      } catch {
        switch error {
        case .lagged(let count): missed += count
        case .closed: return (received, missed)
        case .cancelled, .timedOut: throw error
        }
      }
      if pausing && received % 1000 == 0 { try await sleep(for: .milliseconds(1)) }
    }
  }

  /// Writes the records to a file, all that there are at a time; returns its size.
  nonisolated(nonsending) static func write(
    _ records: consuming SPSCBytes.Receiver, to path: String
  ) async throws -> Int {
    let file = try await File.open(path, .write, [.create, .truncate])
    var size = 0
    do {
      while true {
        var buffer: [UInt8] = []
        do {
          var batch = try await records.receiveBatch()
          while let record = batch.next() {
            unsafe record.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
          }
          // The batch ends here: the book has room again while the kernel writes.
        }
        unsafe try await file.writeAll(buffer.span.bytes, at: UInt64(size))
        size += buffer.count
      }
    } catch ReceiveError.closed {}
    try await file.close()
    return size
  }
}
