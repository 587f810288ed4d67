// expect-error: 'receiver' consumed more than once
// A oneshot gives one value.
import NexusChannels

func receivesTwice(_ receiver: consuming Oneshot.Receiver<Int>) throws -> Int {
  let first = try receiver.receiveBlocking()
  return try first + receiver.receiveBlocking()
}
