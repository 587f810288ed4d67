// expect-error: lifetime-dependent value escapes its scope
// A permit does not outlive its sender.
import NexusChannels

@_lifetime(immortal)
func escapedPermit() throws -> SendPermit<SPSCCore<Int>> {
  let ends = SPSC.channel(of: Int.self, capacity: 1)
  var sender = ends.sender
  return try sender.tryReserve()
}
