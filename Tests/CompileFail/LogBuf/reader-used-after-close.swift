// expect-error: 'reader' used after consume
// A reader that was given away or closed is gone.
import LogBuf

func readAfterClose(_ ends: consuming SPSCEnds) {
  var reader = ends.reader
  reader.close()
  _ = reader.hasRecord
}
