// expect-error: 'receiver' consumed more than once
// A receiver has one position: another one is made by clone().
import NexusChannels

func copies(_ receiver: consuming Broadcast.Receiver<Int>) throws {
  var one = receiver
  var other = receiver
  _ = try one.tryReceive()
  _ = try other.tryReceive()
}
