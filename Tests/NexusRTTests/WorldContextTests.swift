// Handlers that own a value, and stamping.

@testable import NexusRT
import Testing

private struct Session: Equatable {
  var id: Int
  var messages = 0
}

private func onMessage(_ text: String, _ session: inout Session, _ book: inout Book, _ limits: Limits) -> Int
{
  session.messages += 1
  book.volume += text.count
  return session.id
}

@Suite struct WorldContextTests {
  @Test func context_belongsToItsHandler_andHidesAResourceOfItsType() throws {
    var world = marketWorld()
    world.insert(Session(id: 99))
    let handler = try world.handler(owning: Session(id: 1), onMessage)
    #expect(handler.run("abc", in: &world) == 1)
    #expect(world[Session.self] == Session(id: 99))
    let plain = try world.handler(onMessage)
    #expect(plain.run("abc", in: &world) == 99)
    #expect(world[Session.self].messages == 1)
  }

  @Test func context_mayBeRead_andBeTheOnlyResource() throws {
    var world = World()
    let handler = try world.handler(owning: [1, 2, 3]) { (index: Int, numbers: [Int]) in numbers[index] }
    #expect(handler.run(1, in: &world) == 2)
  }

  @Test func contextReadTwice_isTheSame() throws {
    var world = World()
    let handler = try world.handler(owning: 4) { (_: Void, one: Int, other: Int) in one + other }
    #expect(handler.template(of: Int.self).stamp(owning: 5).run(in: &world) == 10)
    #expect(handler.run(in: &world) == 8)
  }

  @Test func stampedHandlers_shareResources_andHaveContextsOfTheirOwn() throws {
    var world = marketWorld()
    let first = try world.handler(owning: Session(id: 0), onMessage)
    let template = first.template(of: Session.self)
    let sessions = (1...100).map { template.stamp(owning: Session(id: $0)) }
    for (index, session) in sessions.enumerated() {
      for _ in 0...index { #expect(session.run("x", in: &world) == index + 1) }
    }
    #expect(world[Book.self].volume == 5_050)
    for (index, session) in sessions.enumerated() {
      let messages = session.withContext(Session.self, in: &world) { $0.messages }
      #expect(messages == index + 1)
    }
    #expect(first.withContext(Session.self, in: &world) { $0.messages } == 0)
  }

  @Test func copies_shareTheirContext() throws {
    var world = marketWorld()
    let one = try world.handler(owning: Session(id: 1), onMessage)
    let other = one
    one.run("a", in: &world)
    other.run("b", in: &world)
    #expect(one.withContext(Session.self, in: &world) { $0.messages } == 2)
  }

  @Test func withContext_changesIt_andThrowsWhatItsBodyThrows() throws {
    var world = marketWorld()
    let handler = try world.handler(owning: Session(id: 1), onMessage)
    handler.withContext(Session.self, in: &world) { $0.id = 8 }
    #expect(handler.run("a", in: &world) == 8)
    let error = thrown { () throws(OrderError) in
      try handler.withContext(Session.self, in: &world) { _ throws(OrderError) in throw OrderError() }
    }
    #expect(error == OrderError())
  }

  @Test func noncopyableContext_goesWithTheLastCopy() throws {
    let lives = Lives()
    var world = World()
    do {
      let first = try world.handler(owning: Unique(lives, 1)) { (event: Int, unique: inout Unique) in
        event + unique.number
      }
      let copy = first
      let second = first.template(of: Unique.self).stamp(owning: Unique(lives, 2))
      #expect(copy.run(1, in: &world) == 2)
      #expect(second.run(1, in: &world) == 3)
      #expect(lives.alive == 2)
    }
    #expect(lives.alive == 0)
    #expect(lives.made == 2)
  }

  @Test func largeAndAlignedContexts_areTheirOwn() throws {
    var world = marketWorld()
    let first = try world.handler(owning: (SIMD8<Double>(repeating: 0), 1 as UInt8)) {
      (event: Double, state: inout (SIMD8<Double>, UInt8), book: inout Book) in
      state.0 += event
      state.1 += 1
      book.volume += 1
      return state.0.sum()
    }
    let template = first.template(of: (SIMD8<Double>, UInt8).self)
    let other = template.stamp(owning: (SIMD8<Double>(repeating: 1), 5))
    #expect(first.run(2, in: &world) == 16)
    #expect(other.run(2, in: &world) == 24)
    #expect(first.run(1, in: &world) == 24)
    #expect(world[Book.self].volume == 3)
  }
}
