// expect-error: overlapping accesses to 'reader'
// The next record is read once the last has been given back.
import LogBuf

func readTwo(_ reader: inout LogReader) {
  let first = reader.tryRead()
  let second = reader.tryRead()
  _ = consume second
  _ = consume first
}
