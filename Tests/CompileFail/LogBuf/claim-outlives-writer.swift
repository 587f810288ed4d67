// expect-error: lifetime-dependent value escapes its scope
// A claim cannot outlive the writer it borrows.
import LogBuf

@_lifetime(immortal)
func escapedClaim() throws -> WriteClaim {
  let ends = LogBuffer.spsc(capacity: 1024)
  var writer = ends.writer
  return try writer.tryClaim(8)
}
