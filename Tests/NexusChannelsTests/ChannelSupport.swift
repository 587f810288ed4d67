// What the tests of the typed channels share: ends of any kind behind one class each, so that a test is written once, with
// errors as values; and elements that say when they go.

import Foundation
import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

/// The kinds of channel.
enum Kind: String, Sendable, CaseIterable {
  case local, spsc, mpsc, mpmc

  /// Those with several senders.
  static let cloning: [Kind] = [.local, .mpsc, .mpmc]
  /// Those whose ends may be on different threads.
  static let threaded: [Kind] = [.spsc, .mpsc, .mpmc]

  func make<E: Sendable>(_ type: E.Type, _ capacity: Int) -> (AnySender<E>, AnyReceiver<E>) {
    switch self {
    case .local: return boxed(Local.channel(of: type, capacity: capacity)) { $0.clone() }
    case .spsc: return boxed(SPSC.channel(of: type, capacity: capacity))
    case .mpsc: return boxed(MPSC.channel(of: type, capacity: capacity)) { $0.clone() }
    case .mpmc:
      let ends =
        capacity == .max ? MPMC.unbounded(of: type) : MPMC.channel(of: type, capacity: capacity)
      return boxed(ends, { $0.clone() }, { $0.clone() })
    }
  }

  private func boxed<Tx: ChannelSender & ~Copyable, Rx: ChannelReceiver & ~Copyable>(
    _ ends: consuming ChannelEnds<Tx, Rx>, _ cloneSender: ((borrowing Tx) -> Tx)? = nil,
    _ cloneReceiver: ((borrowing Rx) -> Rx)? = nil
  ) -> (AnySender<Tx.Element>, AnyReceiver<Rx.Element>) {
    let sender = SenderBox(ends.sender, cloneSender)
    return (sender, ReceiverBox(ends.receiver, cloneReceiver))
  }
}

// MARK: Senders

/// What became of room that was reserved.
enum PermitOutcome<Element> {
  case refused(ReserveError)
  case dropped
  case sent
  case closed(Element)
}

extension PermitOutcome: Equatable where Element: Equatable {}
extension PermitOutcome: Sendable where Element: Sendable {}

/// A sender of some kind. One task or thread at a time uses it, as it would the sender itself.
class AnySender<Element>: @unchecked Sendable {
  // Unchecked: the tests keep to the rule above, and those of Local channels to one thread.
  func trySend(_ value: Element) -> SendError<Element>? { fatalError() }
  func trySend(contentsOf values: ArraySlice<Element>) -> Int { fatalError() }
  nonisolated(nonsending) func send(_ value: Element, until deadline: Deadline? = nil) async -> SendError<
    Element
  >? { fatalError() }
  nonisolated(nonsending) func send(
    contentsOf values: ArraySlice<Element>, until deadline: Deadline? = nil
  ) async -> SendError<[Element]>? { fatalError() }
  func sendBlocking(_ value: Element, until deadline: Deadline? = nil) -> SendError<Element>? { fatalError() }
  func sendBlocking(
    contentsOf values: ArraySlice<Element>, until deadline: Deadline? = nil
  ) -> SendError<[Element]>? { fatalError() }
  /// Reserves, and calls `body` while the room is held: for the value to be sent, or nil to drop the permit.
  nonisolated(nonsending) func reserve(
    until deadline: Deadline? = nil, _ body: nonisolated(nonsending) () async -> Element?
  ) async -> PermitOutcome<Element> { fatalError() }
  func tryReserve(_ body: () -> Element?) -> PermitOutcome<Element> { fatalError() }
  func reserveBlocking(until deadline: Deadline? = nil, _ body: () -> Element?) -> PermitOutcome<Element> {
    fatalError()
  }
  var count: Int { fatalError() }
  var capacity: Int? { fatalError() }
  var isClosed: Bool { fatalError() }
  /// Senders in the channel's queue, or the one that is announced.
  var waiting: Int { fatalError() }
  /// Places of the senders' queue.
  var places: Int { fatalError() }
  /// Senders that are alive.
  var senders: Int { fatalError() }
  func clone() -> AnySender { fatalError() }
  /// Lets the sender go.
  func drop() { fatalError() }
}

final class SenderBox<Tx: ChannelSender & ~Copyable>: AnySender<Tx.Element>, @unchecked Sendable {
  typealias Element = Tx.Element
  private var tx: Tx?
  private let core: Tx.Core
  private let cloner: ((borrowing Tx) -> Tx)?

  init(_ tx: consuming Tx, _ cloner: ((borrowing Tx) -> Tx)?) {
    core = tx._core
    self.cloner = cloner
    self.tx = consume tx
  }

  override func trySend(_ value: Element) -> SendError<Element>? {
    do throws(SendError<Element>) { try tx!.trySend(value) } catch { return error }
    return nil
  }
  override func trySend(contentsOf values: ArraySlice<Element>) -> Int { tx!.trySend(contentsOf: values) }
  override nonisolated(nonsending) func send(_ value: Element, until deadline: Deadline?) async
    -> SendError<Element>?
  {
    do throws(SendError<Element>) { try await tx!.send(value, until: deadline) } catch { return error }
    return nil
  }
  override nonisolated(nonsending) func send(
    contentsOf values: ArraySlice<Element>, until deadline: Deadline?
  )
    async -> SendError<[Element]>?
  {
    do throws(SendError<[Element]>) {
      try await tx!.send(contentsOf: values, until: deadline)
    } catch { return error }
    return nil
  }
  override func sendBlocking(_ value: Element, until deadline: Deadline?) -> SendError<Element>? {
    do throws(SendError<Element>) { try tx!.sendBlocking(value, until: deadline) } catch { return error }
    return nil
  }
  override func sendBlocking(
    contentsOf values: ArraySlice<Element>, until deadline: Deadline?
  ) -> SendError<[Element]>? {
    do throws(SendError<[Element]>) {
      try tx!.sendBlocking(contentsOf: values, until: deadline)
    } catch { return error }
    return nil
  }
  override nonisolated(nonsending) func reserve(
    until deadline: Deadline?, _ body: nonisolated(nonsending) () async -> Element?
  ) async -> PermitOutcome<Element> {
    do throws(ReserveError) {
      let permit = try await tx!.reserve(until: deadline)
      return use(permit, await body())
    } catch { return .refused(error) }
  }
  override func tryReserve(_ body: () -> Element?) -> PermitOutcome<Element> {
    do throws(ReserveError) { return use(try tx!.tryReserve(), body()) } catch { return .refused(error) }
  }
  override func reserveBlocking(until deadline: Deadline?, _ body: () -> Element?) -> PermitOutcome<Element> {
    do throws(ReserveError) { return use(try tx!.reserveBlocking(until: deadline), body()) } catch {
      return .refused(error)
    }
  }
  private func use(_ permit: consuming SendPermit<Tx.Core>, _ value: Element?) -> PermitOutcome<Element>
  where Tx.Core.Element == Element {
    guard let value else { return .dropped }
    do throws(SendError<Element>) { try permit.send(value) } catch { return .closed(error.value) }
    return .sent
  }
  // By the core: while the sender waits nobody else may touch it.
  override var count: Int { core.count }
  override var capacity: Int? { core.capacity }
  override var isClosed: Bool { core.isClosedForSending }
  override var waiting: Int {
    if let core = core as? LocalCore<Element> { return unsafe core.block.pointee.waiting.count }
    if let core = core as? MPSCCore<Element> {
      return unsafe core.block.pointee.waitingCount.load(ordering: .relaxed)
    }
    if let core = core as? MPMCCore<Element> {
      return unsafe core.withLock { unsafe $0.pointee.senders.count }
    }
    if let core = core as? SPSCCore<Element> {
      return unsafe core.block.pointee.sender.load(ordering: .relaxed) == 0 ? 0 : 1
    }
    fatalError("a kind that the tests do not know")
  }
  override var places: Int {
    if let core = core as? LocalCore<Element> { return unsafe core.block.pointee.waiting.nodes.count }
    if let core = core as? MPSCCore<Element> { return unsafe core.block.pointee.waiting.nodes.count }
    if let core = core as? MPMCCore<Element> { return unsafe core.block.pointee.senders.nodes.count }
    return 0
  }
  override var senders: Int {
    if let core = core as? LocalCore<Element> { return unsafe core.block.pointee.senders }
    if let core = core as? MPSCCore<Element> {
      return unsafe core.block.pointee.senders.load(ordering: .relaxed)
    }
    if let core = core as? MPMCCore<Element> {
      return unsafe core.block.pointee.senderCount.load(ordering: .relaxed)
    }
    return 1
  }
  override func clone() -> AnySender<Element> { SenderBox(cloner!(tx!), cloner) }
  override func drop() { tx = nil }
}

// MARK: Receivers

/// A receiver of some kind. One task or thread at a time uses it.
class AnyReceiver<Element>: @unchecked Sendable {
  // Unchecked: as the sender.
  /// nil if there is nothing yet.
  func tryReceive() -> Result<Element, ReceiveError>? { fatalError() }
  nonisolated(nonsending) func receive(until deadline: Deadline? = nil) async -> Result<Element, ReceiveError>
  {
    fatalError()
  }
  nonisolated(nonsending) func next() async throws(ReceiveError) -> Element? { fatalError() }
  nonisolated(nonsending) func receive(
    into buffer: inout [Element], atMost limit: Int, until deadline: Deadline? = nil
  ) async -> Result<Int, ReceiveError> { fatalError() }
  func receiveBlocking(until deadline: Deadline? = nil) -> Result<Element, ReceiveError> { fatalError() }
  func receiveBlocking(
    into buffer: inout [Element], atMost limit: Int, until deadline: Deadline? = nil
  ) -> Result<Int, ReceiveError> { fatalError() }
  var count: Int { fatalError() }
  var capacity: Int? { fatalError() }
  var isClosed: Bool { fatalError() }
  /// Receivers that are parked, of an MPMC channel.
  var waiting: Int { fatalError() }
  func clone() -> AnyReceiver { fatalError() }
  func drop() { fatalError() }

  /// What is there now.
  func present() -> [Element] {
    var all: [Element] = []
    while case .success(let value)? = tryReceive() { all.append(value) }
    return all
  }

  /// All until the channel closes.
  nonisolated(nonsending) func rest() async throws(ReceiveError) -> [Element] {
    var all: [Element] = []
    while let value = try await next() { all.append(value) }
    return all
  }
}

final class ReceiverBox<Rx: ChannelReceiver & ~Copyable>: AnyReceiver<Rx.Element>, @unchecked Sendable {
  typealias Element = Rx.Element
  private var rx: Rx?
  private let core: Rx.Core
  private let cloner: ((borrowing Rx) -> Rx)?

  init(_ rx: consuming Rx, _ cloner: ((borrowing Rx) -> Rx)?) {
    core = rx._core
    self.cloner = cloner
    self.rx = consume rx
  }

  override func tryReceive() -> Result<Element, ReceiveError>? {
    do throws(ReceiveError) { return try rx!.tryReceive().map { .success($0) } } catch {
      return .failure(error)
    }
  }
  override nonisolated(nonsending) func receive(until deadline: Deadline?) async -> Result<
    Element, ReceiveError
  > {
    do throws(ReceiveError) { return .success(try await rx!.receive(until: deadline)) } catch {
      return .failure(error)
    }
  }
  override nonisolated(nonsending) func next() async throws(ReceiveError) -> Element? { try await rx!.next() }
  override nonisolated(nonsending) func receive(
    into buffer: inout [Element], atMost limit: Int, until deadline: Deadline?
  ) async -> Result<Int, ReceiveError> {
    do throws(ReceiveError) {
      return .success(try await rx!.receive(into: &buffer, atMost: limit, until: deadline))
    } catch { return .failure(error) }
  }
  override func receiveBlocking(until deadline: Deadline?) -> Result<Element, ReceiveError> {
    do throws(ReceiveError) { return .success(try rx!.receiveBlocking(until: deadline)) } catch {
      return .failure(error)
    }
  }
  override func receiveBlocking(
    into buffer: inout [Element], atMost limit: Int, until deadline: Deadline?
  ) -> Result<Int, ReceiveError> {
    do throws(ReceiveError) {
      return .success(try rx!.receiveBlocking(into: &buffer, atMost: limit, until: deadline))
    } catch { return .failure(error) }
  }
  override var count: Int { core.count }
  override var capacity: Int? { core.capacity }
  override var isClosed: Bool { core.isClosedForReceiving }
  override var waiting: Int {
    if let core = core as? MPMCCore<Element> {
      return unsafe core.withLock { unsafe $0.pointee.receivers.count }
    }
    // A thread announces its token before it parks.
    if let core = core as? MPSCCore<Element> {
      return unsafe core.block.pointee.receiver.load(ordering: .relaxed) == 0 ? 0 : 1
    }
    if let core = core as? SPSCCore<Element> {
      return unsafe core.block.pointee.receiver.load(ordering: .relaxed) == 0 ? 0 : 1
    }
    fatalError("a kind of which no thread receives")
  }
  override func clone() -> AnyReceiver<Element> { ReceiverBox(cloner!(rx!), cloner) }
  override func drop() { rx = nil }
}
