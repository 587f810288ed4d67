// expect-error: 'sender' consumed more than once
// The only sender of a channel is not copied.
import NexusChannels

func copies(_ sender: consuming SPSC.Sender<Int>) {
  let one = sender
  let other = sender
  one.close()
  other.close()
}
