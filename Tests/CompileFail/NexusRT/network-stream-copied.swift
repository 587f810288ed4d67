// expect-error: 'stream' consumed more than once
// Two owners would close one connection twice.
import NexusRT

func copy(_ stream: consuming TCPStream) throws {
  let one = stream
  let other = stream
  try one.shutdown(.read)
  try other.shutdown(.write)
}
