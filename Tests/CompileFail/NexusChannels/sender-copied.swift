// expect-error: 'sender' consumed more than once
// A sender is not copied.
import NexusChannels

func copies(_ sender: consuming SPSCBytes.Sender) {
  let one = sender
  let other = sender
  one.close()
  other.close()
}
