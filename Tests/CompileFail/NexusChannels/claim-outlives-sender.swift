// expect-error: lifetime-dependent value escapes its scope
// A claim cannot outlive the sender it borrows.
import NexusChannels

@_lifetime(immortal)
func escapedClaim() throws -> BytesClaim {
  let ends = SPSCBytes.channel(capacity: 1024)
  var sender = ends.sender
  return try sender.tryClaim(8)
}
