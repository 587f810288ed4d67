// Handlers: what they can be made of, what they see, and what stays true when the world changes.

@testable import NexusRT
import Testing

private func onFill(_ fill: Fill, _ book: inout Book, _ limits: Limits) -> Bool {
  book.volume += fill.quantity
  return fill.quantity <= limits.largest
}

@Suite struct WorldHandlerTests {
  @Test func plainFunction_getsEventAndResources() throws {
    var world = marketWorld()
    let handler = try world.handler(onFill)
    #expect(handler.run(Fill(quantity: 7), in: &world))
    #expect(!handler.run(Fill(quantity: 101), in: &world))
    #expect(world[Book.self].volume == 108)
  }

  @Test func closure_mayCapture() throws {
    var world = marketWorld()
    let seen = Shared<[Int]>([])
    let handler = try world.handler { (fill: Fill, limits: Limits) in
      seen.value.append(fill.quantity + limits.largest)
    }
    handler.run(Fill(quantity: 1), in: &world)
    handler.run(Fill(quantity: 2), in: &world)
    #expect(seen.value == [101, 102])
  }

  @Test func method_isAHandler() throws {
    final class Desk {
      var count = 0
      func onFill(_ fill: Fill, _ book: inout Book) {
        count += 1
        book.volume += fill.quantity
      }
    }
    var world = marketWorld()
    let desk = Desk()
    try world.handler(desk.onFill).run(Fill(quantity: 3), in: &world)
    #expect(desk.count == 1)
    #expect(world[Book.self].volume == 3)
  }

  @Test func handlerWithoutEvent_isRunWithoutOne() throws {
    var world = marketWorld()
    let handler = try world.handler { (_: Void, book: inout Book) in
      book.volume += 1
      return book.volume
    }
    #expect(handler.run(in: &world) == 1)
    #expect(handler.run(in: &world) == 2)
  }

  @Test func noncopyableResources_areLent() throws {
    let lives = Lives()
    var world = World()
    world.insert(Unique(lives, 5))
    world.insert(Leaver<Int>(name: "a", left: Shared([])))
    let read = try world.handler { (event: Int, unique: borrowing Unique) in event + unique.number }
    #expect(read.run(1, in: &world) == 6)
    let replace = try world.handler { (event: Int, unique: inout Unique, leaver: borrowing Leaver<Int>) in
      unique = Unique(lives, event + leaver.name.count)
    }
    replace.run(8, in: &world)
    #expect(lives.ended == 1)
    #expect(read.run(1, in: &world) == 10)
  }

  @Test func noncopyableEventAndOutput_areLentAndMoved() throws {
    let lives = Lives()
    var world = marketWorld()
    let handler = try world.handler { (event: borrowing Unique, book: inout Book) in
      book.volume += event.number
      return Unique(lives, book.volume)
    }
    let event = Unique(lives, 4)
    let first = handler.run(event, in: &world)
    let second = handler.run(event, in: &world)
    #expect(first.number == 4)
    #expect(second.number == 8)
    #expect(lives.made == 3)
  }

  @Test func view_isAnEvent() throws {
    var world = marketWorld()
    let handler = try world.handler { (bytes: borrowing RawSpan, book: inout Book) in
      book.volume += bytes.byteCount
    }
    let bytes: [UInt8] = [1, 2, 3]
    unsafe handler.run(bytes.span.bytes, in: &world)
    #expect(world[Book.self].volume == 3)
  }

  @Test func thrownError_keepsItsType_andWhatWasChanged() throws {
    var world = marketWorld()
    let handler = try world.handler { (fill: Fill, book: inout Book) throws(OrderError) in
      book.volume += fill.quantity
      if fill.quantity > 5 { throw OrderError(code: fill.quantity) }
      return book.volume
    }
    func run(_ quantity: Int) throws(OrderError) -> Int {
      try handler.run(Fill(quantity: quantity), in: &world)
    }
    #expect(try run(5) == 5)
    let error = thrown { () throws(OrderError) in _ = try run(6) }
    #expect(error == OrderError(code: 6))
    #expect(world[Book.self].volume == 11)
  }

  @Test func copies_areKeptInArrays() throws {
    var world = marketWorld()
    let handler = try world.handler { (fill: Fill, book: inout Book) in book.volume += fill.quantity }
    let other = try world.handler { (fill: Fill, limits: inout Limits) in limits.largest -= fill.quantity }
    let handlers = [handler, other, handler]
    for handler in handlers { handler.run(Fill(quantity: 2), in: &world) }
    #expect(world[Book.self].volume == 4)
    #expect(world[Limits.self].largest == 98)
  }

  @Test func handlerOfTheWorldItself_runsWithAny() {
    let handler = Handler { (fill: Fill, world: inout World) in
      world[Book.self].volume += fill.quantity
    }
    var first = marketWorld()
    var second = marketWorld()
    handler.run(Fill(quantity: 1), in: &first)
    handler.run(Fill(quantity: 2), in: &second)
    #expect(first[Book.self].volume == 1)
    #expect(second[Book.self].volume == 2)
  }

  @Test func runEach_stopsAtTheFirstError() throws {
    var world = marketWorld()
    let add = try world.handler { (fill: Fill, book: inout Book) in book.volume += fill.quantity }
    let fills = (1...4).map { Fill(quantity: $0) }
    add.run(each: fills.span, in: &world)
    #expect(world[Book.self].volume == 10)
    let fail = try world.handler { (fill: Fill, book: inout Book) throws(OrderError) in
      if fill.quantity == 3 { throw OrderError(code: 3) }
      book.volume += fill.quantity
    }
    let error = thrown { () throws(OrderError) in try fail.run(each: fills.span, in: &world) }
    #expect(error == OrderError(code: 3))
    #expect(world[Book.self].volume == 13)
  }
}

@Suite struct WorldChangeTests {
  @Test func replacedResource_isSeenByHandlersMadeBefore() throws {
    var world = marketWorld()
    let handler = try world.handler(onFill)
    world.insert(Book(volume: 50))
    world.insert(Limits(largest: 1))
    #expect(!handler.run(Fill(quantity: 2), in: &world))
    #expect(world[Book.self].volume == 52)
  }

  @Test func addresses_stay_whileOtherResourcesCome() throws {
    var world = marketWorld()
    let handler = try world.handler(onFill)
    world.insert([1, 2, 3])
    world.insert("text")
    world.insert(1.5)
    for index in 0..<1_000 { world.insert(Audit(lines: ["\(index)"])) }
    #expect(handler.run(Fill(quantity: 9), in: &world))
    #expect(world[Book.self].volume == 9)
  }

  @Test func resourceThatCameBack_isUsedAgain() throws {
    var world = marketWorld()
    let handler = try world.handler(onFill)
    let other = try world.handler { (fill: Fill, limits: Limits) in limits.largest }
    world.remove(Book.self)
    // The other one lacks nothing.
    #expect(other.run(Fill(), in: &world) == 100)
    world.insert(Book(volume: 7))
    #expect(handler.run(Fill(quantity: 1), in: &world))
    #expect(world[Book.self].volume == 8)
  }

  @Test func removedResource_isMissingForNewHandlers() throws {
    var world = marketWorld()
    let made = try world.handler(onFill)
    world.remove(Limits.self)
    let error = thrown { () throws(ResolutionError) in _ = try world.handler(onFill) }
    guard case .missing(let parameter) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(parameter.position == 2)
    #expect(parameter.declaration == "Limits")
    world.insert(Limits(largest: 5))
    #expect(made.run(Fill(quantity: 5), in: &world))
    #expect(try !world.handler(onFill).run(Fill(quantity: 6), in: &world))
  }

  @Test func handlers_outliveTheirWorld() throws {
    let lives = Lives()
    var handlers: [Handler<Fill, Bool, Never>] = []
    var owning: [Handler<Int, Int, Never>] = []
    do {
      var world = marketWorld()
      handlers.append(try world.handler(onFill))
      owning.append(
        try world.handler(owning: Unique(lives, 1)) { (event: Int, unique: borrowing Unique, book: Book) in
          event + unique.number + book.volume
        })
      // To stamp uses no world.
      owning.append(owning[0].template(of: Unique.self).stamp(owning: Unique(lives, 2)))
    }
    let template = owning[0].template(of: Unique.self)
    owning = [template.stamp(owning: Unique(lives, 3))]
    #expect(lives.alive == 2)
    owning.append(template.stamp(owning: Unique(lives, 4)))
    #expect(lives.alive == 3)
    owning = []
    handlers = []
    // The template has the first one's value.
    #expect(lives.alive == 1)
    withExtendedLifetime(template) {}
  }
}

@Suite struct WorldOptionalTests {
  @Test func optionalRead_followsWhatIsThere() throws {
    var world = marketWorld()
    let handler = try world.handler { (_: Void, book: inout Book, audit: Audit?) in
      book.volume += 1
      return audit?.lines.count ?? -1
    }
    #expect(handler.run(in: &world) == -1)
    expect(!world.contains(Audit.self))
    world.insert(Audit(lines: ["a"]))
    #expect(handler.run(in: &world) == 1)
    world.remove(Audit.self)
    #expect(handler.run(in: &world) == -1)
    #expect(world[Book.self].volume == 3)
  }

  @Test func optionalWrite_insertsChangesAndRemoves() throws {
    var world = marketWorld()
    let handler = try world.handler { (line: String?, audit: inout Audit?) in
      guard let line else { audit = nil; return }
      if audit == nil { audit = Audit() }
      audit?.lines.append(line)
    }
    handler.run("a", in: &world)
    handler.run("b", in: &world)
    #expect(world[Audit.self].lines == ["a", "b"])
    #expect(world.count == 3)
    handler.run(nil, in: &world)
    expect(!world.contains(Audit.self))
    #expect(world.count == 2)
  }

  @Test func optionalWrite_changesWhatOtherHandlersFind() throws {
    var world = marketWorld()
    world.insert(Audit(lines: ["first"]))
    let clear = try world.handler { (_: Void, audit: inout Audit?) in audit = nil }
    let fill = try world.handler { (text: String, audit: inout Audit?) in audit = Audit(lines: [text]) }
    let read = try world.handler { (_: Void, audit: Audit) in audit.lines }
    let other = try world.handler { (_: Void, book: Book) in book.volume }
    #expect(read.run(in: &world) == ["first"])
    clear.run(in: &world)
    #expect(other.run(in: &world) == 0)
    fill.run("second", in: &world)
    #expect(read.run(in: &world) == ["second"])
    clear.run(in: &world)
    world.insert(Audit(lines: ["third"]))
    #expect(read.run(in: &world) == ["third"])
  }

  @Test func optionalWrite_countsAsRegistration() throws {
    let left = Shared<[String]>([])
    final class Named {
      let name: String
      let left: Shared<[String]>
      init(_ name: String, _ left: Shared<[String]>) {
        self.name = name
        self.left = left
      }
      deinit { left.value.append(name) }
    }
    do {
      var world = World()
      let fill = try world.handler { (name: String, named: inout Named?) in named = Named(name, left) }
      world.insert(Leaver<Int>(name: "inserted", left: left))
      fill.run("filled", in: &world)
    }
    #expect(left.value == ["filled", "inserted"])
  }
}
