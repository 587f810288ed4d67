// expect-error: type 'Box' does not conform to the 'Sendable' protocol
// What goes from thread to thread is Sendable.
import NexusChannels

final class Box { var value = 0 }

func make() { _ = MPSC.channel(of: Box.self, capacity: 1) }
