// expect-error: lifetime-dependent value escapes its scope
// A record cannot outlive the receiver it borrows.
import NexusChannels

@_lifetime(immortal)
func escapedRecord() throws -> BytesRecord? {
  let ends = SPSCBytes.channel(capacity: 1024)
  var receiver = ends.receiver
  return try receiver.tryReceive()
}
