// expect-error: overlapping accesses to 'writer'
// A writer cannot be closed while one of its claims is open.
import LogBuf

func closeUnderClaim(_ ends: consuming SPSCEnds) throws {
  var writer = ends.writer
  let claim = try writer.tryClaim(8)
  writer.close()
  claim.commit()
}
