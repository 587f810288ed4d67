// What cannot be made says why, naming both parameters, and nothing of it can happen when a handler runs.

@testable import NexusRT
import Testing

@Suite struct WorldConflictTests {
  /// The error of making a handler.
  private func error(
    _ make: (inout World) throws(ResolutionError) -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> String {
    var world = marketWorld()
    let error = thrown({ () throws(ResolutionError) in try make(&world) }, sourceLocation: sourceLocation)
    return error?.description ?? ""
  }

  @Test func writeAndRead_ofOneResource_conflict() {
    let text = error { world throws(ResolutionError) in
      _ = try world.handler { (fill: Fill, book: inout Book, limits: Limits, again: Book) in }
    }
    #expect(
      text
        == "a handler takes the same value twice, as resource 1 (inout Book) and as resource 3 (Book), and changes it through one of them: take it once, inout"
    )
  }

  @Test func twoWrites_ofOneResource_conflict() {
    let text = error { world throws(ResolutionError) in
      _ = try world.handler { (fill: Fill, limits: inout Limits, book: inout Book, again: inout Book) in }
    }
    #expect(text.contains("as resource 2 (inout Book) and as resource 3 (inout Book)"))
  }

  @Test func twoReads_ofOneResource_areAllowed() throws {
    var world = marketWorld()
    let handler = try world.handler { (fill: Fill, one: Limits, book: Book, other: Limits) in
      one.largest + other.largest
    }
    #expect(handler.run(Fill(), in: &world) == 200)
  }

  @Test func optionalAndPlain_ofOneResource_conflict() {
    let first = error { world throws(ResolutionError) in
      _ = try world.handler { (fill: Fill, book: inout Book, again: Book?) in }
    }
    #expect(first.contains("as resource 1 (inout Book) and as resource 2 (Book?)"))
    let second = error { world throws(ResolutionError) in
      _ = try world.handler { (fill: Fill, book: inout Book?, again: Book) in }
    }
    #expect(second.contains("as resource 1 (inout Book?) and as resource 2 (Book)"))
  }

  @Test func contextTwice_conflicts() {
    let text = error { world throws(ResolutionError) in
      _ = try world.handler(owning: 3) { (fill: Fill, number: inout Int, again: Int) in }
    }
    #expect(text.contains("as resource 1 (inout Int) and as resource 2 (Int)"))
  }

  @Test func conflictAmongEight_namesTheTwo() {
    var world = eightResources()
    let error = thrown { () throws(ResolutionError) in
      _ = try world.handler {
        (e: Int, a: inout R1, b: inout R2, c: inout R3, d: R4, e1: R5, f: R6, g: R2, h: R8) in
      }
    }
    guard case .conflict(let first, let second) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(first.position == 2)
    #expect(first.declaration == "inout R2")
    #expect(second.position == 7)
    #expect(second.declaration == "R2")
  }

  @Test func missingResource_isNamed() {
    let text = error { world throws(ResolutionError) in
      _ = try world.handler { (fill: Fill, book: inout Book, audit: Audit) in }
    }
    #expect(
      text
        == "the world has no value for a handler's resource 2 (Audit): register one before the handler is made, or take it as an optional"
    )
    let noncopyable = error { world throws(ResolutionError) in
      _ = try world.handler { (fill: Fill, unique: inout Unique) in }
    }
    #expect(noncopyable.contains("resource 1 (inout Unique)"))
  }

  @Test func contextThatNobodyTakes_isAnError() {
    let text = error { world throws(ResolutionError) in
      _ = try world.handler(owning: 3) { (fill: Fill, book: inout Book) in }
    }
    #expect(
      text == "a handler was given a value of type Int to own, and its function has no parameter of that type"
    )
  }

  @Test func failedResolution_leavesTheWorldAsItWas() throws {
    let lives = Lives()
    var world = marketWorld()
    let error = thrown { () throws(ResolutionError) in
      _ = try world.handler(owning: Unique(lives)) { (fill: Fill, unique: inout Unique, audit: Audit) in }
    }
    #expect(error != nil)
    #expect(lives.alive == 0)
    #expect(world.count == 2)
    // Nothing requires a resource on account of a handler that was not made.
    _ = thrown { () throws(ResolutionError) in
      _ = try world.handler { (fill: Fill, book: Book, audit: Audit) in }
    }
    world.remove(Book.self)
    let handler = try world.handler { (fill: Fill, limits: Limits) in limits.largest }
    #expect(handler.run(Fill(), in: &world) == 100)
    #expect(world.stamp & 1 == 0)
  }

  @Test func stepsOfAPipeline_mayUseTheSameResource_oneAfterTheOther() throws {
    var world = marketWorld()
    var pipeline = Pipeline(of: Fill.self)
      .then(
        try world.handler { (fill: Fill, book: inout Book) in
          book.volume += fill.quantity
          return fill
        }
      )
      .then(try world.handler { (fill: Fill, book: inout Book) in book.volume * fill.price })
    #expect(pipeline.run(Fill(price: 2, quantity: 3), in: &world) == 6)
    let text = error { world throws(ResolutionError) in
      _ = Pipeline(of: Fill.self)
        .then(try world.handler { (fill: Fill, book: inout Book) in fill })
        .then(try world.handler { (fill: Fill, book: inout Book, again: Book) in fill })
    }
    #expect(text.contains("as resource 1 (inout Book) and as resource 2 (Book)"))
  }
}
