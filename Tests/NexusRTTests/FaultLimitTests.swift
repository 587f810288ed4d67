// What runs out gives its error, and everything works on: places of the slab, entries of the ring, descriptors, runtimes.

import Foundation
import Glibc
@testable import NexusRT
import Testing

@Suite struct FaultLimitTests {
  // MARK: The slab

  @Test(arguments: seeds(3)) func slab_fullAgainAndAgain_givesItsError_andLosesNoPlace(seed: UInt64)
    async throws
  {
    let lives = Lives()
    try await inTask(slab(.bounded(slots: 16))) {
      var random = SeededGenerator(seed: seed)
      let counts = Shared((spawned: 0, full: 0, ended: 0))
      for _ in 0..<20_000 * soakFactor {
        let unique = SendableTracked(lives)
        let nap = Duration.microseconds(Int(random.next() % 20))
        do throws(SlabError) {
          try trySpawnSlab {
            defer { _ = unique }
            if nap > .microseconds(2) { try? await sleep(for: nap) }
            counts.value.ended += 1
          }
          counts.value.spawned += 1
        } catch {
          expectEqual(error, .full)
          counts.value.full += 1
          // Everything else goes on.
          expectEqual(try? await spawnBoxed { 1 }.value(), 1)
          if random.next() % 4 == 0 { try? await sleep(for: .microseconds(5)) }
        }
      }
      try await quiesce(within: .seconds(60))
      for _ in 0..<100 where places() < 16 { await yield() }
      expectEqual(places(), 16)
      expect(counts.value.full > 0 && counts.value.spawned > 0)
      expectEqual(counts.value.ended, counts.value.spawned)
    }
    #expect(lives.alive == 0)
  }

  // MARK: The ring

  /// Far more operations at a time than the ring has entries, for submissions and for completions.
  @Test(arguments: [1, 2] as [UInt32]) func operations_moreThanTheRingHolds_allComplete(entries: UInt32)
    async throws
  {
    var configuration = Configuration.patient
    configuration.submissionEntries = entries
    try await inTask(configuration) {
      for round in 0..<3 * soakFactor {
        let pipe = Pipe()
        let counts = Shared((read: 0, cancelled: 0))
        let readers = HandleStack<Void>(capacity: 300)
        for _ in 0..<300 {
          readers.push(
            spawnBoxed {
              var buffer = IOBuffer(count: 1, alignment: 1)
              var bytes = buffer.mutableBytes
              do {
                counts.value.read += try await pipe.input.read(into: &bytes)
              } catch let error as IOError where error.isCancelled { counts.value.cancelled += 1 }
            })
        }
        await yield()
        let writers = HandleStack<Void>(capacity: 200)
        for _ in 0..<200 {
          writers.push(
            spawnBoxed {
              let buffer = IOBuffer(count: 1, alignment: 1)
              _ = try await pipe.output.write(buffer.bytes)
            })
        }
        let openers = HandleStack<Void>(capacity: 100)
        for _ in 0..<100 {
          openers.push(
            spawnBoxed {
              let file = try await File.open("/dev/null", .read)
              try await file.close()
            })
        }
        while let writer = writers.pop() { try await writer.value() }
        while let opener = openers.pop() { try await opener.value() }
        while counts.value.read < 200 { try await sleep(for: .microseconds(100)) }
        // The rest waits for bytes that do not come: all of them are cancelled at once.
        while let reader = readers.pop() { reader.cancel() }
        try await quiesce(within: .seconds(60))
        expectEqual(counts.value.read, 200)
        expectEqual(counts.value.cancelled, 100)
        expectEqual(try await spawnBoxed { round }.value(), round)
      }
    }
  }

  // MARK: Descriptors

  @Test func runtime_withoutDescriptors_saysWhatToDo_andWorksOnceThereAreSome() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      try await onThread {
        setDescriptorLimit(64)
        let all = AllDescriptors()
        // None for the eventfd; one, for it, and none for the ring; and none for the signals.
        try requireRefusal()
        all.giveBack(1)
        try requireRefusal()
        try requireRefusal()
        var signals = Configuration()
        signals.signals = .termination
        try requireRefusal(signals)
        // The ring's.
        all.giveBack(1)
        guard try Runtime().blockOn({ 1 }) == 1 else { failHere("no result") }
        try requireRefusal(signals)
        all.giveBack(1)
        guard try Runtime(configuration: signals).blockOn({ 2 }) == 2 else { failHere("no result") }
        guard try Runtime().blockOn({ 3 }) == 3 else { failHere("no result") }
      }
    }
    expectNoFailure(result)
  }

  @Test func operations_withoutDescriptors_giveTheirError_andTheRuntimeWorksOn() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      try await onThread {
        let runtime = try Runtime(configuration: .patient)
        setDescriptorLimit(64)
        try runtime.blockOn {
          var all: AllDescriptors? = AllDescriptors()
          for _ in 0..<100 {
            do throws(IOError) {
              _ = try await File.open("/dev/null", .read)
              failHere("it was opened")
            } catch {
              guard error == IOError(operation: "open", code: EMFILE) else { failHere("\(error)") }
              guard "\(error)".contains("Too many open files") else { failHere("\(error)") }
            }
            try await sleep(for: .microseconds(1))
            guard try await spawnBoxed({ 1 }).value() == 1 else { failHere("no result") }
            guard try await spawnBlocking({ 2 }).value() == 2 else { failHere("no result") }
          }
          all?.giveBack(1)
          try await File.open("/dev/null", .read).close()
          // Its descriptor is there again.
          _ = try await File.open("/dev/null", .read)
          _ = try await File.open("/dev/null", .read)
          all = nil
          setDescriptorLimit(nil)
          _ = try await File.open("/dev/null", .read)
        }
        _ = consume runtime
        guard try Runtime().blockOn({ 4 }) == 4 else { failHere("no result") }
      }
    }
    expectNoFailure(result)
  }

  // MARK: Runtimes

  @Test func runtimes_moreThanAProcessCanHave_areRefused_untilOneEnds() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      try await onThread {
        try useUpRuntimes()
      }
    }
    expectNoFailure(result)
  }
}

/// Takes what as many runtimes as there can be would.
private func useUpRuntimes() throws {
  setDescriptorLimit(nil)
  // Their mailboxes, without their threads.
  var taken: [MailboxPointer] = unsafe []
  while let mailbox = unsafe MailboxTable.take() { unsafe taken.append(mailbox) }
  guard unsafe taken.count == MailboxTable.limit else { failHere(unsafe "\(taken.count) mailboxes") }
  for _ in 0..<3 {
    let error = refusal { () throws(RuntimeError) in _ = try Runtime() }
    guard error == .tooManyRuntimes else { failHere("\(String(describing: error))") }
  }
  unsafe MailboxTable.give(back: taken.removeLast())
  guard try Runtime().blockOn({ 1 }) == 1 else { failHere("no result") }
  guard try Runtime().blockOn({ 2 }) == 2 else { failHere("no result") }
}

/// No runtime can be made for lack of descriptors, and the error says so and what to do.
private func requireRefusal(_ configuration: Configuration = Configuration()) throws {
  let error = refusal { () throws(RuntimeError) in _ = try Runtime(configuration: configuration) }
  guard case .limitReached(let resource, EMFILE) = error, resource.contains("file descriptors"),
    "\(error!)".contains("raise the limit")
  else { failHere("not refused as expected: \(String(describing: error))") }
  guard !Runtime.isOnThisThread else { failHere("something of the runtime remains") }
}
