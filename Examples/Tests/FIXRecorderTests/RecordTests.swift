import CArchiveKernels
import FIXArchiveFormat
import FIXRecorder
import FIXWire
import Glibc
import Testing

/// What goes in comes out, whatever way it comes in.
@Suite(.serialized) struct RecordTests {
  static let policies: [RecorderConfiguration.Sync] = [.never, .interval(.milliseconds(5)), .everyBatch]

  @Test(arguments: policies)
  func file_withOneProducer_isGivenBackByteForByte(sync: RecorderConfiguration.Sync) throws {
    let directory = TemporaryDirectory()
    let sent = traffic(12_000)
    var configuration = RecorderConfiguration(
      directory: directory.archive, input: .file(directory.input(Array(sent.joined()))))
    configuration.sync = sync
    let summary = try record(configuration)
    #expect(try messages(of: directory.archive) == sent)
    #expect(summary.durable.messages == sent.count)
    #expect(summary.framing.messages == sent.count)
    #expect(summary.framing.rejects == 0)
    #expect(summary.rejectFile == nil)
    #expect(summary.claimToCommit.count == (sent.count + 63) / 64)
    #expect(summary.commitToSynced.count == summary.claimToCommit.count)
    #expect(try ArchiveVerification(checking: directory.archive).isSound)
  }

  @Test(arguments: [2, 4, 9])
  func file_withSeveralProducers_isGivenBackWhole_andEachKeepsItsOrder(producers: Int) throws {
    let directory = TemporaryDirectory()
    let sent = traffic(9_000)
    var configuration = RecorderConfiguration(
      directory: directory.archive, input: .file(directory.input(Array(sent.joined()))))
    configuration.producers = producers
    let summary = try record(configuration)
    let got = try messages(of: directory.archive)
    #expect(
      got.reduce(into: [:]) { $0[$1, default: 0] += 1 } == sent.reduce(into: [:]) { $0[$1, default: 0] += 1 })
    #expect(summary.durable.messages == sent.count)
    #expect(summary.claimToCommit.count >= sent.count / 64)
    #expect(Self.runs(of: got, sent) <= producers)
  }

  /// How many producers it takes at least to mix `sent` into `got`, each keeping its order.
  static func runs(of got: [[UInt8]], _ sent: [[UInt8]]) -> Int {
    let places = sent.enumerated().reduce(into: [:]) { $0[$1.element, default: []].append($1.offset) }
    var last: [Int] = []
    // Some messages, logons above all, are the same: where they stood is not known.
    for place in got.compactMap({ places[$0]!.count == 1 ? places[$0]![0] : nil }) {
      if let run = last.firstIndex(where: { $0 < place }) {
        last[run] = place
      } else {
        last.append(place)
      }
    }
    return last.count
  }

  @Test func stream_inPiecesOfOddSizes_isGivenBackByteForByte() throws {
    let directory = TemporaryDirectory()
    let sent = traffic(5_000)
    let pipe = Pipe()
    let recorder = RunningRecorder(
      RecorderConfiguration(directory: directory.archive, input: .descriptor(pipe.readEnd)))
    var rest = Array(sent.joined())[...]
    var random = SplitMix64(seed: 7)
    while !rest.isEmpty {
      let count = min(rest.count, 1 + Int(random.next() % 1500))
      write(Array(rest.prefix(count)), to: pipe.writeEnd)
      rest = rest.dropFirst(count)
    }
    close(pipe.writeEnd)
    let summary = try recorder.finish()
    close(pipe.readEnd)
    #expect(summary.framing.messages == sent.count)
    #expect(try messages(of: directory.archive) == sent)
  }

  @Test func connections_areEachRecordedInTheirOrder_andTheLastOneEndsTheRun() throws {
    let directory = TemporaryDirectory()
    let recorder = RunningRecorder(
      RecorderConfiguration(
        directory: directory.archive, input: .listen(host: "127.0.0.1", port: 0, connections: 3)))
    let port = recorder.port()
    let sent = (0..<3).map { traffic(2_000, seed: UInt64($0) + 10) }
    let sockets = sent.map { _ in connect(to: port) }
    for part in 0..<20 {
      for (socket, own) in zip(sockets, sent) {
        write(Array(own[part * 100..<part * 100 + 100].joined()), to: socket)
      }
    }
    for socket in sockets { close(socket) }
    let summary = try recorder.finish()
    #expect(summary.framing.messages == 6_000)
    let got = try messages(of: directory.archive)
    #expect(got.count == 6_000)
    // Some messages, logons above all, are the same in all three.
    let times = sent.joined().reduce(into: [:]) { $0[$1, default: 0] += 1 }
    for own in sent {
      let unique = Set(own.filter { times[$0] == 1 })
      #expect(unique.count > 1_000)
      #expect(got.filter(unique.contains) == own.filter(unique.contains))
    }
  }

  @Test func connectionThatIsReset_leavesWhatItSent_andIsNoFailure() throws {
    let directory = TemporaryDirectory()
    var configuration = RecorderConfiguration(
      directory: directory.archive, input: .listen(host: "127.0.0.1", port: 0, connections: 1))
    configuration.sync = .everyBatch
    let recorder = RunningRecorder(configuration)
    let socket = connect(to: recorder.port())
    let sent = traffic(50)
    write(Array(sent.joined()) + [0x38, 0x3D], to: socket)
    while recorder.reportedSyncs.last?.messages != 50 { usleep(1000) }
    // Closed without lingering, a connection is reset.
    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    close(socket)
    let summary = try recorder.finish()
    #expect(summary.inputError == nil)
    #expect(summary.framing.bytes == sent.joined().count + 2)
    #expect(try messages(of: directory.archive) == sent)
  }

  @Test func stop_whileListening_recordsWhatCame_andSeals() throws {
    let directory = TemporaryDirectory()
    let stop = Pipe()
    var configuration = RecorderConfiguration(
      directory: directory.archive, input: .listen(host: "", port: 0, connections: nil))
    configuration.stopDescriptor = stop.readEnd
    configuration.sync = .everyBatch
    let recorder = RunningRecorder(configuration)
    let socket = connect(to: recorder.port())
    let sent = traffic(500)
    write(Array(sent.joined()), to: socket)
    while recorder.reportedSyncs.last?.messages != 500 { usleep(1000) }
    write([1], to: stop.writeEnd)
    let summary = try recorder.finish()
    close(socket)
    #expect(summary.wasStopped)
    #expect(summary.durable.messages == 500)
    let found = try ArchiveVerification(checking: directory.archive)
    #expect(found.isSound)
    guard case .sealed = found.end else {
      Issue.record("the archive is not sealed")
      return
    }
  }

  @Test func stop_ofAnIdlePipe_ends() throws {
    let directory = TemporaryDirectory()
    let (stop, input) = (Pipe(), Pipe())
    var configuration = RecorderConfiguration(directory: directory.archive, input: .descriptor(input.readEnd))
    configuration.stopDescriptor = stop.readEnd
    let recorder = RunningRecorder(configuration)
    write(traffic(1)[0] + [0x38], to: input.writeEnd)
    usleep(50_000)
    write([1], to: stop.writeEnd)
    let summary = try recorder.finish()
    #expect(summary.durable.messages == 1)
    // The byte of a message that was under way is accounted for.
    #expect(summary.framing.bytes(of: .garbage) + summary.framing.bytes(of: .truncatedEnd) == 1)
  }

  @Test func stop_inTheTurnThatAcceptsAConnection_ends() throws {
    let directory = TemporaryDirectory()
    let stop = Pipe()
    var configuration = RecorderConfiguration(
      directory: directory.archive, input: .listen(host: "127.0.0.1", port: 0, connections: nil))
    configuration.stopDescriptor = stop.readEnd
    // Both are there before the recorder looks: it reads the word to stop and accepts in one turn, in this order.
    let peer = Shared<Int32>(-1)
    let sent = traffic(300)
    let recorder = RunningRecorder(configuration) { port in
      let connection = connect(to: port)
      write(Array(sent.joined()), to: connection)
      peer.change { $0 = connection }
      write([1], to: stop.writeEnd)
    }
    #expect(recorder.endsInTime(), "the connection's idle peer keeps the recorder from ending")
    close(peer.value)
    #expect(try recorder.finish().wasStopped)
    // The peer's system had been told that these arrived.
    #expect(try messages(of: directory.archive) == sent)
  }

  @Test func segments_rollOver_andRecordingGoesOnBehindThem() throws {
    let directory = TemporaryDirectory()
    let sent = traffic(9_000)
    var configuration = RecorderConfiguration(
      directory: directory.archive, input: .file(directory.input(Array(sent.joined()))))
    configuration.segmentBytes = 1 << 17
    let first = try record(configuration)
    #expect(first.segments > 10)
    let found = try ArchiveVerification(checking: directory.archive)
    #expect(found.isSound)
    #expect(found.segments == first.segments)
    #expect(try record(configuration).durable.messages == sent.count)
    #expect(try messages(of: directory.archive) == sent + sent)
  }

  @Test func reportedSyncs_onlyGrow_andEndWithEverything() throws {
    let directory = TemporaryDirectory()
    let sent = traffic(9_000)
    var configuration = RecorderConfiguration(
      directory: directory.archive, input: .file(directory.input(Array(sent.joined()))))
    configuration.sync = .everyBatch
    configuration.segmentBytes = 1 << 20
    let recorder = RunningRecorder(configuration)
    _ = try recorder.finish()
    let syncs = recorder.reportedSyncs
    #expect(zip(syncs, syncs.dropFirst()).allSatisfy { $0.messages <= $1.messages && $0.bytes <= $1.bytes })
    #expect(syncs.last?.messages == sent.count)
    #expect(syncs.last?.bytes == sent.joined().count)
  }

  @Test func messagesLargerThanABuffer_goThroughTheSmallestRing() throws {
    let directory = TemporaryDirectory()
    let large = [UInt8](repeating: 0x41, count: 9 << 19)
    let body = Array("35=B\u{1}95=\(large.count)\u{1}96=".utf8) + large + [1]
    var message = Array("8=FIX.4.4\u{1}9=\(body.count)\u{1}".utf8) + body
    let digits = String(unsafe message.withUnsafeBytes { unsafe nx_byte_sum($0.baseAddress, $0.count) })
    message += Array("10=\(String(repeating: "0", count: 3 - digits.count) + digits)\u{1}".utf8)
    let sent = [traffic(1)[0], message, traffic(2)[1], message]
    var configuration = RecorderConfiguration(
      directory: directory.archive, input: .file(directory.input(Array(sent.joined()))))
    configuration.maximumMessageLength = 8 << 20
    configuration.ringBytes = 1
    #expect(try record(configuration).durable.messages == 4)
    #expect(try messages(of: directory.archive) == sent)
  }

  @Test func lockedArchive_isAClearError() throws {
    let directory = TemporaryDirectory()
    let input = Pipe()
    let recorder = RunningRecorder(
      RecorderConfiguration(directory: directory.archive, input: .descriptor(input.readEnd)))
    write(traffic(1)[0], to: input.writeEnd)
    usleep(100_000)
    #expect(throws: ArchiveError.inUse(directory: directory.archive, byProcess: Int(getpid()))) {
      _ = try record(
        RecorderConfiguration(directory: directory.archive, input: .file(directory.input([]))))
    }
    close(input.writeEnd)
    #expect(try recorder.finish().durable.messages == 1)
  }
}
