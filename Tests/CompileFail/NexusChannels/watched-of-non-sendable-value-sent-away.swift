// expect-error: does not conform to the 'Sendable' protocol
// What all receivers look at must be Sendable, if one of them is in another thread.
import NexusChannels

final class Mutable { var number = 0 }

func requiresSendable<T: Sendable & ~Copyable>(_: consuming T) {}

func sendsAway() {
  let ends = Watch.channel(Mutable())
  requiresSendable(ends.receiver)
}
