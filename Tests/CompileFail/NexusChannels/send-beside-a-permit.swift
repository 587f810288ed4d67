// expect-error: overlapping accesses to 'sender'
// A permit is used or dropped before its sender sends.
import NexusChannels

func sendBeside(_ sender: inout SPSC.Sender<Int>) throws {
  let permit = try sender.tryReserve()
  try sender.trySend(1)
  try permit.send(2)
}
