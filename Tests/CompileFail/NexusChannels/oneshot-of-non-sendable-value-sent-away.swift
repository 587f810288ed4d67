// expect-error: does not conform to the 'Sendable' protocol
// The ends of a channel for values that are not Sendable stay where they are.
import NexusChannels

final class Mutable { var number = 0 }

func requiresSendable<T: Sendable & ~Copyable>(_: consuming T) {}

func sendsAway() {
  let ends = Oneshot.channel(of: Mutable.self)
  requiresSendable(ends.sender)
}
