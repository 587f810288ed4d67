// expect-error: 'sender' consumed more than once
// A oneshot takes one value.
import NexusChannels

func sendsTwice(_ sender: consuming Oneshot.Sender<Int>) throws {
  try sender.send(1)
  try sender.send(2)
}
