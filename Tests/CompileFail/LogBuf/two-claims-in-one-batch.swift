// expect-error: overlapping accesses to 'batch'
// A batch has one live claim at most.
import LogBuf

func claimTwice(_ writer: inout SPSCWriter) throws {
  var batch = try writer.tryClaimBatch(count: 2, of: 8)
  let first = batch.next()
  let second = batch.next()
  if let second { second.commit() }
  if let first { first.commit() }
}
