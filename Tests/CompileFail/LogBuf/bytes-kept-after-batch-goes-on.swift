// expect-error: overlapping accesses to 'batch'
// The bytes a batch lends end when it goes on to the next record.
import LogBuf

func sumOfTwo(_ reader: inout LogReader) -> Int {
  var batch = reader.batch()
  let first = batch.next()
  let second = batch.next()
  return (first?.byteCount ?? 0) + (second?.byteCount ?? 0)
}
