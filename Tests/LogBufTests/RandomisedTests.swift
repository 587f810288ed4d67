// Random steps on one thread against the simplest model there is: a list of the records that must come out.

import LogBuf
import Testing

@Suite struct RandomisedTests {
  @Test(arguments: 1...40)
  func randomSteps_followTheModel(seed: Int) throws {
    try follow(SPSCWriter.self, seed: UInt64(seed))
    try follow(MPSCWriter.self, seed: UInt64(seed) &+ 1_000)
  }

  func follow<Writer: RecordWriter & ~Copyable>(_: Writer.Type, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var ring = Writer.makeRing(capacity: 64 << Int.random(in: 0...4, using: &random))
    let limit = ring.writer.largestRecord
    var model: [[UInt8]] = []
    var number = 0
    for step in 0..<2_000 {
      number += 1
      let count = Int.random(in: 1...limit, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0, 1, 2:
        let hadRoom = ring.writer.hasRoom(for: count)
        do {
          try ring.writer.send(number, count: count)
          model.append(pattern(number, count: count))
          expect(hadRoom, "seed \(seed), step \(step)")
        } catch {
          expect(error == .full && !hadRoom, "seed \(seed), step \(step)")
        }
      case 3:  // dropped
        if var claim = try? ring.writer.tryClaim(count) { claim.fill(with: pattern(number, count: count)) }
      case 4:  // shortened
        if var claim = try? ring.writer.tryClaim(count) {
          let kept = Int.random(in: 1...count, using: &random)
          claim.fill(with: pattern(number, count: count))
          claim.commit(count: kept)
          model.append(pattern(number, count: kept))
        }
      case 5:  // a batch, not always used up
        let space = Int.random(in: 1...ring.writer.largestBatch, using: &random)
        if var batch = try? ring.writer.tryClaimBatch(space: space) {
          for _ in 0..<Int.random(in: 0...4, using: &random) {
            let size = Int.random(in: 1...24, using: &random)
            number += 1
            guard var claim = batch.next(size) else { continue }
            if Bool.random(using: &random) { continue }
            claim.fill(with: pattern(number, count: size))
            claim.commit()
            model.append(pattern(number, count: size))
          }
        }
      case 6:
        let most = Int.random(in: 0...4, using: &random)
        var read: [[UInt8]] = []
        let count = ring.reader.readBatch(limit: most) { read.append(contents($0)) }
        expect(count == read.count && read == Array(model.prefix(most)), "seed \(seed), step \(step)")
        model.removeFirst(count)
      default:
        let expected = model.isEmpty ? nil : model.removeFirst()
        expect(ring.reader.hasRecord == (expected != nil), "seed \(seed), step \(step)")
        expect(ring.reader.receive() == expected, "seed \(seed), step \(step)")
        if model.isEmpty && expected == nil {
          expect(ring.writer.bytesInUse == 0, "seed \(seed), step \(step)")
        }
      }
    }
  }
}
