// expect-error: 'sender' used after consume
// What was reunited is one stream.
import NexusRT

func use(_ receiver: consuming TCPReceiver, _ sender: consuming TCPSender) throws {
  let stream = try TCPStream.reunite(receiver, sender)
  try sender.shutdown()
  try stream.shutdown(.both)
}
