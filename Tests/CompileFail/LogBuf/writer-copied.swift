// expect-error: 'writer' consumed more than once
// A single writer stays single: it can be moved, not copied.
import LogBuf

func copy(_ writer: consuming SPSCWriter) {
  let one = writer
  let other = writer
  one.close()
  other.close()
}
