// expect-error: lifetime-dependent
// The bytes of a record do not outlive it.
import LogBuf

@_lifetime(&reader)
func escapedBytes(_ reader: inout LogReader) -> RawSpan? {
  guard var record = reader.tryRead() else { return nil }
  return record.bytes
}
