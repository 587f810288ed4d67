// expect-success
// What the snippets beside it do wrong, done right. If this does not compile, their errors prove nothing.
import LogBuf

func pass(_ ends: consuming SPSCEnds) throws -> Int {
  var writer = ends.writer
  var reader = ends.reader
  var claim = try writer.tryClaim(8)
  claim.write { bytes in bytes.storeBytes(of: 1, as: UInt64.self) }
  claim.commit()
  var batch = try writer.tryClaimBatch(count: 2, of: 8)
  while let claim = batch.next() { claim.commit() }
  var sum = 0
  if var record = reader.tryRead() { sum += record.bytes.byteCount }
  reader.readBatch { bytes in sum += bytes.byteCount }
  writer.close()
  reader.close()
  return sum
}

func passFromMany(_ ends: consuming MPSCEnds) throws -> Bool {
  let first = ends.writer
  var second = first.clone()
  var reader = ends.reader
  let claim = try second.tryClaim(8)
  claim.commit()
  return reader.tryRead() != nil
}
