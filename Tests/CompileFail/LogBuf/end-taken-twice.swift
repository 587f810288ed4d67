// expect-error: 'ends' consumed more than once
// There is one reader.
import LogBuf

func readers(_ ends: consuming MPSCEnds) {
  let one = ends.reader
  let other = ends.reader
  one.close()
  other.close()
}
