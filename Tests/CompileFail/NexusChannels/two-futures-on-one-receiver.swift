// expect-error: overlapping accesses to 'receiver'
// The only receiver holds one receive at a time.
import NexusChannels
import NexusRT

func pollTwo(_ receiver: inout SPSC.Receiver<Int>) throws {
  var one = receiver.receiving()
  var other = receiver.receiving()
  _ = try one.poll(waking: .none)
  _ = try other.poll(waking: .none)
}
