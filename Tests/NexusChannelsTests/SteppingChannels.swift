// The kinds of channel as the stepping suite sees them.

import NexusRT
import Synchronization

@testable import NexusChannels

func steppingLocal(_ capacity: Int) -> SteppedChannel<LocalCore<Item>> {
  let ends = Local.channel(of: Item.self, capacity: capacity)
  let core = ends.sender._core
  let sender = EndBox(ends.sender)
  let receiver = Once(EndBox(ends.receiver))
  core.retain()
  return SteppedChannel(
    channel: SteppingChannel(
      core: core, takeSender: { EndBox(sender.end!.clone()) }, takeReceiver: { receiver.take() }, close: nil,
      leftovers: {
        unsafe core.block.pointee.waiting.count + core.block.pointee.waiting.outstanding
          + core.block.pointee.reserved + (core.block.pointee.receiver == .none ? 0 : 1)
      }, capacity: capacity),
    drop: { sender.end = nil }, release: { core.releaseHandle() })
}

func steppingSPSC(_ capacity: Int) -> SteppedChannel<SPSCCore<Item>> {
  let ends = SPSC.channel(of: Item.self, capacity: capacity)
  let core = ends.sender._core
  let sender = Once(EndBox(ends.sender))
  let receiver = Once(EndBox(ends.receiver))
  unsafe core.block.pointee.ends.add(1, ordering: .relaxed)
  return SteppedChannel(
    channel: SteppingChannel(
      core: core, takeSender: { sender.take() }, takeReceiver: { receiver.take() }, close: nil,
      leftovers: {
        unsafe (core.block.pointee.receiver.load(ordering: .relaxed) > SPSCWords.left ? 1 : 0)
          + (core.block.pointee.sender.load(ordering: .relaxed) == 0 ? 0 : 1)
      }, capacity: capacity),
    drop: {}, release: { core.releaseBlock() })
}

func steppingMPSC(_ capacity: Int) -> SteppedChannel<MPSCCore<Item>> {
  let ends = MPSC.channel(of: Item.self, capacity: capacity)
  let core = ends.sender._core
  let sender = EndBox(ends.sender)
  let receiver = Once(EndBox(ends.receiver))
  unsafe core.block.pointee.handles.add(1, ordering: .relaxed)
  return SteppedChannel(
    channel: SteppingChannel(
      core: core, takeSender: { EndBox(sender.end!.clone()) }, takeReceiver: { receiver.take() }, close: nil,
      leftovers: {
        unsafe core.block.pointee.waiting.count + core.block.pointee.waiting.outstanding
          + core.block.pointee.waitingCount.load(ordering: .relaxed)
          // A permit that meets a closed channel does not give its room back.
          + (core.isClosedForSending
            ? 0 : Int(MPSCClaims.reserved(core.block.pointee.claims.load(ordering: .relaxed))))
          + (core.block.pointee.receiver.load(ordering: .relaxed) == 0 ? 0 : 1)
      }, capacity: capacity),
    drop: { sender.end = nil }, release: { core.releaseHandle() })
}

/// `Int.max` is no bound.
func steppingMPMC(_ capacity: Int) -> SteppedChannel<MPMCCore<Item>> {
  let ends =
    capacity == .max ? MPMC.unbounded(of: Item.self) : MPMC.channel(of: Item.self, capacity: capacity)
  let core = ends.sender._core
  let sender = EndBox(ends.sender)
  let receiver = EndBox(ends.receiver)
  unsafe core.block.pointee.handles.add(1, ordering: .relaxed)
  return SteppedChannel(
    channel: SteppingChannel(
      core: core, takeSender: { EndBox(sender.end!.clone()) },
      takeReceiver: { EndBox(receiver.end!.clone()) }, close: { core.close() },
      leftovers: {
        unsafe core.block.pointee.receivers.outstanding + core.block.pointee.receivers.count
          + core.block.pointee.senders.outstanding + core.block.pointee.senders.count
          + core.block.pointee.futures.outstanding + core.block.pointee.futures.count
          + core.block.pointee.reserved
      }, capacity: capacity),
    drop: {
      sender.end = nil
      receiver.end = nil
    }, release: { core.releaseHandle() })
}

/// Gives what it holds once.
final class Once<Value: AnyObject> {
  private var value: Value?
  init(_ value: Value) { self.value = value }
  func take() -> Value? {
    defer { value = nil }
    return value
  }
}

/// A channel whose tasks are still to be given their ends; `drop` lets go of those that make the others.
struct SteppedChannel<Core: _SenderCore<Item> & _ReceiverCore<Item>> {
  let channel: SteppingChannel<Core>
  let drop: () -> Void
  /// The memory is kept until this is called.
  let release: () -> Void
}
