// expect-error: overlapping accesses to 'writer'
// A writer has one live claim at most, also where there may be several writers.
import LogBuf

func claimTwice(_ writer: inout MPSCWriter) throws {
  let first = try writer.tryClaim(8)
  let second = try writer.tryClaim(8)
  second.commit()
  first.commit()
}
