// expect-error: lifetime-dependent value escapes its scope
// A held receive does not outlive its receiver.
import NexusChannels

@_lifetime(immortal)
func escapedFuture() -> ReceiveFuture<SPSCCore<Int>> {
  let ends = SPSC.channel(of: Int.self, capacity: 1)
  var receiver = ends.receiver
  return receiver.receiving()
}
