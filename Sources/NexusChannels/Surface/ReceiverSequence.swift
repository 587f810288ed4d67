// A receiver as an asynchronous sequence.

/// The values of a receiver, for `for try await`. It owns the receiver, which goes with the last copy of this.
///
/// The loop ends when the channel is closed and everything was received, and throws `ReceiveError.cancelled`. One loop at a
/// time takes values from it.
public struct ReceiverSequence<Receiver: ChannelReceiver & ~Copyable>: AsyncSequence {
  public typealias Element = Receiver.Element
  public typealias Failure = ReceiveError

  @usableFromInline
  final class Owner {
    @usableFromInline let receiver: Receiver
    @inlinable init(_ receiver: consuming Receiver) { self.receiver = receiver }
  }

  @usableFromInline let owner: Owner

  @inlinable
  init(_ receiver: consuming Receiver) { owner = Owner(receiver) }

  @inlinable
  public func makeAsyncIterator() -> Iterator { Iterator(owner) }

  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline let owner: Owner
    // The owner keeps the channel alive for as long as this does.
    @usableFromInline let core: Receiver.Core

    @inlinable
    init(_ owner: Owner) {
      self.owner = owner
      core = owner.receiver._core
    }

    @inlinable
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(ReceiveError) -> Element? {
      do throws(ReceiveError) {
        return try await core.receive()
      } catch {
        if error == .closed { return nil }
        throw error
      }
    }
  }
}

extension ChannelReceiver where Self: ~Copyable {
  /// The receiver as a sequence: `for try await value in receiver.values() { ... }`. One allocation; each value costs what
  /// `receive` costs.
  @inlinable
  public consuming func values() -> ReceiverSequence<Self> { ReceiverSequence(self) }
}
