// A handler for every number of resources to change and to read: each parameter gets the resource of its type.

import NexusRT
import Testing

@Suite struct WorldArityTests {
  @Test func handlers_thatChangeNone_getTheResourcesOfTheirTypes() throws {
    var world = eightResources()
    let change0Read0 = try world.handler { (event: Int) in
      event
    }
    expectChanges(change0Read0, writes: 0, reads: 0, &world)
    let change0Read1 = try world.handler { (event: Int, a: R1) in
      a.number
    }
    expectChanges(change0Read1, writes: 0, reads: 1, &world)
    let change0Read2 = try world.handler { (event: Int, a: R2, b: R1) in
      a.number + b.number
    }
    expectChanges(change0Read2, writes: 0, reads: 2, &world)
    let change0Read3 = try world.handler { (event: Int, a: R3, b: R2, c: R1) in
      a.number + b.number + c.number
    }
    expectChanges(change0Read3, writes: 0, reads: 3, &world)
    let change0Read4 = try world.handler { (event: Int, a: R4, b: R3, c: R2, d: R1) in
      a.number + b.number + c.number + d.number
    }
    expectChanges(change0Read4, writes: 0, reads: 4, &world)
    let change0Read5 = try world.handler { (event: Int, a: R5, b: R4, c: R3, d: R2, e: R1) in
      a.number + b.number + c.number + d.number + e.number
    }
    expectChanges(change0Read5, writes: 0, reads: 5, &world)
    let change0Read6 = try world.handler { (event: Int, a: R6, b: R5, c: R4, d: R3, e: R2, f: R1) in
      a.number + b.number + c.number + d.number + e.number + f.number
    }
    expectChanges(change0Read6, writes: 0, reads: 6, &world)
    let change0Read7 = try world.handler { (event: Int, a: R7, b: R6, c: R5, d: R4, e: R3, f: R2, g: R1) in
      a.number + b.number + c.number + d.number + e.number + f.number + g.number
    }
    expectChanges(change0Read7, writes: 0, reads: 7, &world)
    let change0Read8 = try world.handler {
      (event: Int, a: R8, b: R7, c: R6, d: R5, e: R4, f: R3, g: R2, h: R1) in
      a.number + b.number + c.number + d.number + e.number + f.number + g.number + h.number
    }
    expectChanges(change0Read8, writes: 0, reads: 8, &world)
  }

  @Test func handlers_thatChangeOne_getTheResourcesOfTheirTypes() throws {
    var world = eightResources()
    let change1Read0 = try world.handler { (event: Int, a: inout R1) in
      a.number += event * 1
      return a.number
    }
    expectChanges(change1Read0, writes: 1, reads: 0, &world)
    let change1Read1 = try world.handler { (event: Int, a: inout R2, b: R1) in
      a.number += event * 1
      return a.number + b.number
    }
    expectChanges(change1Read1, writes: 1, reads: 1, &world)
    let change1Read2 = try world.handler { (event: Int, a: inout R3, b: R2, c: R1) in
      a.number += event * 1
      return a.number + b.number + c.number
    }
    expectChanges(change1Read2, writes: 1, reads: 2, &world)
    let change1Read3 = try world.handler { (event: Int, a: inout R4, b: R3, c: R2, d: R1) in
      a.number += event * 1
      return a.number + b.number + c.number + d.number
    }
    expectChanges(change1Read3, writes: 1, reads: 3, &world)
    let change1Read4 = try world.handler { (event: Int, a: inout R5, b: R4, c: R3, d: R2, e: R1) in
      a.number += event * 1
      return a.number + b.number + c.number + d.number + e.number
    }
    expectChanges(change1Read4, writes: 1, reads: 4, &world)
    let change1Read5 = try world.handler { (event: Int, a: inout R6, b: R5, c: R4, d: R3, e: R2, f: R1) in
      a.number += event * 1
      return a.number + b.number + c.number + d.number + e.number + f.number
    }
    expectChanges(change1Read5, writes: 1, reads: 5, &world)
    let change1Read6 = try world.handler {
      (event: Int, a: inout R7, b: R6, c: R5, d: R4, e: R3, f: R2, g: R1) in
      a.number += event * 1
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number
    }
    expectChanges(change1Read6, writes: 1, reads: 6, &world)
    let change1Read7 = try world.handler {
      (event: Int, a: inout R8, b: R7, c: R6, d: R5, e: R4, f: R3, g: R2, h: R1) in
      a.number += event * 1
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number + h.number
    }
    expectChanges(change1Read7, writes: 1, reads: 7, &world)
  }

  @Test func handlers_thatChangeTwo_getTheResourcesOfTheirTypes() throws {
    var world = eightResources()
    let change2Read0 = try world.handler { (event: Int, a: inout R2, b: inout R1) in
      a.number += event * 1
      b.number += event * 2
      return a.number + b.number
    }
    expectChanges(change2Read0, writes: 2, reads: 0, &world)
    let change2Read1 = try world.handler { (event: Int, a: inout R3, b: inout R2, c: R1) in
      a.number += event * 1
      b.number += event * 2
      return a.number + b.number + c.number
    }
    expectChanges(change2Read1, writes: 2, reads: 1, &world)
    let change2Read2 = try world.handler { (event: Int, a: inout R4, b: inout R3, c: R2, d: R1) in
      a.number += event * 1
      b.number += event * 2
      return a.number + b.number + c.number + d.number
    }
    expectChanges(change2Read2, writes: 2, reads: 2, &world)
    let change2Read3 = try world.handler { (event: Int, a: inout R5, b: inout R4, c: R3, d: R2, e: R1) in
      a.number += event * 1
      b.number += event * 2
      return a.number + b.number + c.number + d.number + e.number
    }
    expectChanges(change2Read3, writes: 2, reads: 3, &world)
    let change2Read4 = try world.handler {
      (event: Int, a: inout R6, b: inout R5, c: R4, d: R3, e: R2, f: R1) in
      a.number += event * 1
      b.number += event * 2
      return a.number + b.number + c.number + d.number + e.number + f.number
    }
    expectChanges(change2Read4, writes: 2, reads: 4, &world)
    let change2Read5 = try world.handler {
      (event: Int, a: inout R7, b: inout R6, c: R5, d: R4, e: R3, f: R2, g: R1) in
      a.number += event * 1
      b.number += event * 2
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number
    }
    expectChanges(change2Read5, writes: 2, reads: 5, &world)
    let change2Read6 = try world.handler {
      (event: Int, a: inout R8, b: inout R7, c: R6, d: R5, e: R4, f: R3, g: R2, h: R1) in
      a.number += event * 1
      b.number += event * 2
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number + h.number
    }
    expectChanges(change2Read6, writes: 2, reads: 6, &world)
  }

  @Test func handlers_thatChangeThree_getTheResourcesOfTheirTypes() throws {
    var world = eightResources()
    let change3Read0 = try world.handler { (event: Int, a: inout R3, b: inout R2, c: inout R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      return a.number + b.number + c.number
    }
    expectChanges(change3Read0, writes: 3, reads: 0, &world)
    let change3Read1 = try world.handler { (event: Int, a: inout R4, b: inout R3, c: inout R2, d: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      return a.number + b.number + c.number + d.number
    }
    expectChanges(change3Read1, writes: 3, reads: 1, &world)
    let change3Read2 = try world.handler {
      (event: Int, a: inout R5, b: inout R4, c: inout R3, d: R2, e: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      return a.number + b.number + c.number + d.number + e.number
    }
    expectChanges(change3Read2, writes: 3, reads: 2, &world)
    let change3Read3 = try world.handler {
      (event: Int, a: inout R6, b: inout R5, c: inout R4, d: R3, e: R2, f: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      return a.number + b.number + c.number + d.number + e.number + f.number
    }
    expectChanges(change3Read3, writes: 3, reads: 3, &world)
    let change3Read4 = try world.handler {
      (event: Int, a: inout R7, b: inout R6, c: inout R5, d: R4, e: R3, f: R2, g: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number
    }
    expectChanges(change3Read4, writes: 3, reads: 4, &world)
    let change3Read5 = try world.handler {
      (event: Int, a: inout R8, b: inout R7, c: inout R6, d: R5, e: R4, f: R3, g: R2, h: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number + h.number
    }
    expectChanges(change3Read5, writes: 3, reads: 5, &world)
  }

  @Test func handlers_thatChangeFour_getTheResourcesOfTheirTypes() throws {
    var world = eightResources()
    let change4Read0 = try world.handler { (event: Int, a: inout R4, b: inout R3, c: inout R2, d: inout R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      return a.number + b.number + c.number + d.number
    }
    expectChanges(change4Read0, writes: 4, reads: 0, &world)
    let change4Read1 = try world.handler {
      (event: Int, a: inout R5, b: inout R4, c: inout R3, d: inout R2, e: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      return a.number + b.number + c.number + d.number + e.number
    }
    expectChanges(change4Read1, writes: 4, reads: 1, &world)
    let change4Read2 = try world.handler {
      (event: Int, a: inout R6, b: inout R5, c: inout R4, d: inout R3, e: R2, f: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      return a.number + b.number + c.number + d.number + e.number + f.number
    }
    expectChanges(change4Read2, writes: 4, reads: 2, &world)
    let change4Read3 = try world.handler {
      (event: Int, a: inout R7, b: inout R6, c: inout R5, d: inout R4, e: R3, f: R2, g: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number
    }
    expectChanges(change4Read3, writes: 4, reads: 3, &world)
    let change4Read4 = try world.handler {
      (event: Int, a: inout R8, b: inout R7, c: inout R6, d: inout R5, e: R4, f: R3, g: R2, h: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number + h.number
    }
    expectChanges(change4Read4, writes: 4, reads: 4, &world)
  }

  @Test func handlers_thatChangeFive_getTheResourcesOfTheirTypes() throws {
    var world = eightResources()
    let change5Read0 = try world.handler {
      (event: Int, a: inout R5, b: inout R4, c: inout R3, d: inout R2, e: inout R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      e.number += event * 5
      return a.number + b.number + c.number + d.number + e.number
    }
    expectChanges(change5Read0, writes: 5, reads: 0, &world)
    let change5Read1 = try world.handler {
      (event: Int, a: inout R6, b: inout R5, c: inout R4, d: inout R3, e: inout R2, f: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      e.number += event * 5
      return a.number + b.number + c.number + d.number + e.number + f.number
    }
    expectChanges(change5Read1, writes: 5, reads: 1, &world)
    let change5Read2 = try world.handler {
      (event: Int, a: inout R7, b: inout R6, c: inout R5, d: inout R4, e: inout R3, f: R2, g: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      e.number += event * 5
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number
    }
    expectChanges(change5Read2, writes: 5, reads: 2, &world)
    let change5Read3 = try world.handler {
      (event: Int, a: inout R8, b: inout R7, c: inout R6, d: inout R5, e: inout R4, f: R3, g: R2, h: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      e.number += event * 5
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number + h.number
    }
    expectChanges(change5Read3, writes: 5, reads: 3, &world)
  }

  @Test func handlers_thatChangeSix_getTheResourcesOfTheirTypes() throws {
    var world = eightResources()
    let change6Read0 = try world.handler {
      (event: Int, a: inout R6, b: inout R5, c: inout R4, d: inout R3, e: inout R2, f: inout R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      e.number += event * 5
      f.number += event * 6
      return a.number + b.number + c.number + d.number + e.number + f.number
    }
    expectChanges(change6Read0, writes: 6, reads: 0, &world)
    let change6Read1 = try world.handler {
      (event: Int, a: inout R7, b: inout R6, c: inout R5, d: inout R4, e: inout R3, f: inout R2, g: R1) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      e.number += event * 5
      f.number += event * 6
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number
    }
    expectChanges(change6Read1, writes: 6, reads: 1, &world)
    let change6Read2 = try world.handler {
      (event: Int, a: inout R8, b: inout R7, c: inout R6, d: inout R5, e: inout R4, f: inout R3, g: R2, h: R1)
      in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      e.number += event * 5
      f.number += event * 6
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number + h.number
    }
    expectChanges(change6Read2, writes: 6, reads: 2, &world)
  }

  @Test func handlers_thatChangeSeven_getTheResourcesOfTheirTypes() throws {
    var world = eightResources()
    let change7Read0 = try world.handler {
      (event: Int, a: inout R7, b: inout R6, c: inout R5, d: inout R4, e: inout R3, f: inout R2, g: inout R1)
      in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      e.number += event * 5
      f.number += event * 6
      g.number += event * 7
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number
    }
    expectChanges(change7Read0, writes: 7, reads: 0, &world)
    let change7Read1 = try world.handler {
      (
        event: Int, a: inout R8, b: inout R7, c: inout R6, d: inout R5, e: inout R4, f: inout R3, g: inout R2,
        h: R1
      ) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      e.number += event * 5
      f.number += event * 6
      g.number += event * 7
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number + h.number
    }
    expectChanges(change7Read1, writes: 7, reads: 1, &world)
  }

  @Test func handlers_thatChangeEight_getTheResourcesOfTheirTypes() throws {
    var world = eightResources()
    let change8Read0 = try world.handler {
      (
        event: Int, a: inout R8, b: inout R7, c: inout R6, d: inout R5, e: inout R4, f: inout R3, g: inout R2,
        h: inout R1
      ) in
      a.number += event * 1
      b.number += event * 2
      c.number += event * 3
      d.number += event * 4
      e.number += event * 5
      f.number += event * 6
      g.number += event * 7
      h.number += event * 8
      return a.number + b.number + c.number + d.number + e.number + f.number + g.number + h.number
    }
    expectChanges(change8Read0, writes: 8, reads: 0, &world)
  }

  /// Runs it with 5, and compares what it saw and what it changed with the numbers there were.
  private func expectChanges(
    _ handler: Handler<Int, Int, Never>, writes: Int, reads: Int, _ world: inout World,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let count = writes + reads
    var expected = world.numbers
    // The first parameter is R<count>, the last is R1.
    for index in 0..<writes { expected[count - 1 - index] += 5 * (index + 1) }
    let result = handler.run(5, in: &world)
    #expect(world.numbers == expected, sourceLocation: sourceLocation)
    #expect(
      result == (count == 0 ? 5 : expected[..<count].reduce(0, +)), sourceLocation: sourceLocation)
  }
}
