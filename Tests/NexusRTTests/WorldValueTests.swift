// The store itself: registering, replacing, removing, and when values go.

@testable import NexusRT
import Testing

private func numberOf(_ unique: consuming Unique?) -> Int? {
  switch consume unique {
  case .some(let unique): unique.number
  case .none: nil
  }
}

@Suite struct WorldValueTests {
  @Test func insert_ofASecondValue_replacesAndReturnsTheFirst() {
    var world = World()
    #expect(world.insert(Book(volume: 1)) == nil)
    #expect(world.insert(Book(volume: 2)) == Book(volume: 1))
    #expect(world[Book.self].volume == 2)
    #expect(world.count == 1)
  }

  @Test func remove_takesTheValueOut() {
    var world = marketWorld()
    #expect(world.remove(Book.self) == Book())
    #expect(world.remove(Book.self) == nil)
    expect(!world.contains(Book.self))
    expect(world.contains(Limits.self))
    #expect(world.count == 1)
  }

  @Test func accessors_changeInPlace() {
    var world = marketWorld()
    world[Book.self].volume = 3
    world.mutate(Book.self) { $0.volume += 4 }
    #expect(world.read(Book.self) { $0.volume } == 7)
  }

  @Test func read_throwsWhatItsBodyThrows() {
    var world = marketWorld()
    let first = thrown { () throws(OrderError) in
      try world.read(Book.self) { _ throws(OrderError) in throw OrderError(code: 1) }
    }
    #expect(first == OrderError(code: 1))
    let second = thrown { () throws(OrderError) in
      try world.mutate(Book.self) { book throws(OrderError) in
        book.volume = 5
        throw OrderError(code: 2)
      }
    }
    #expect(second == OrderError(code: 2))
    #expect(world[Book.self].volume == 5)
  }

  @Test func noncopyableValues_areMovedInAndOut() {
    let lives = Lives()
    do {
      var world = World()
      let none = world.insert(Unique(lives, 1)) == nil
      #expect(none)
      let first = numberOf(world.insert(Unique(lives, 2)))
      #expect(first == 1)
      #expect(lives.alive == 1)
      let number = world.read(Unique.self) { $0.number }
      #expect(number == 2)
      let second = numberOf(world.remove(Unique.self))
      #expect(second == 2)
      #expect(lives.alive == 0)
      world.insert(Unique(lives, 3))
    }
    #expect(lives.made == 3)
    #expect(lives.ended == 3)
  }

  @Test func world_dropsItsValues_newestFirst() {
    let left = Shared<[String]>([])
    do {
      var world = World()
      world.insert(Leaver<Int>(name: "first", left: left))
      world.insert(Leaver<Bool>(name: "second", left: left))
      world.insert(Leaver<String>(name: "third", left: left))
      world.insert(Leaver<Double>(name: "fourth", left: left))
    }
    #expect(left.value == ["fourth", "third", "second", "first"])
  }

  @Test func world_dropsAReplacedValueInItsPlace_andAReinsertedOneAsTheNewest() {
    let left = Shared<[String]>([])
    do {
      var world = World()
      world.insert(Leaver<Int>(name: "first", left: left))
      world.insert(Leaver<Bool>(name: "second", left: left))
      world.insert(Leaver<String>(name: "third", left: left))
      world.insert(Leaver<Bool>(name: "second, replaced", left: left))
      world.remove(Leaver<Int>.self)
      world.insert(Leaver<Int>(name: "first, again", left: left))
      #expect(left.value == ["second", "first"])
      left.value = []
    }
    #expect(left.value == ["first, again", "third", "second, replaced"])
  }

  @Test func values_withHandlersMadeForThem_goOnce() throws {
    let lives = Lives()
    do {
      var world = World()
      world.insert(Unique(lives, 1))
      let handlers = try (0..<10).map { _ in
        try world.handler { (event: Int, unique: borrowing Unique) in event + unique.number }
      }
      for handler in handlers { #expect(handler.run(1, in: &world) == 2) }
      #expect(lives.ended == 0)
    }
    #expect(lives.made == 1)
    #expect(lives.ended == 1)
  }

  @Test func runtime_dropsItsWorld_whenItEnds() async throws {
    let lives = Lives()
    try await inTask {
      withWorld { world in
        world.insert(Tracked(lives))
        world.insert(Unique(lives))
      }
      expectEqual(lives.ended, 0)
    }
    #expect(lives.made == 2)
    #expect(lives.ended == 2)
  }
}

@Suite struct WorldBuilderTests {
  @Test func register_ofASecondValue_throwsAndNamesTheType() throws {
    let lives = Lives()
    var builder = WorldBuilder()
    try builder.register(Book(volume: 1))
    let error = thrown { () throws(RegistrationError) in try builder.register(Book(volume: 2)) }
    #expect(error?.typeName == "Book")
    #expect(error?.description.contains("Book was registered twice") == true)
    try builder.register(Unique(lives, 1))
    let other = thrown { () throws(RegistrationError) in try builder.register(Unique(lives, 2)) }
    #expect(other == RegistrationError(typeName: "Unique"))
    #expect(lives.ended == 1)
    #expect(builder.count == 2)
    let world = builder.build()
    #expect(world[Book.self].volume == 1)
    #expect(world.read(Unique.self) { $0.number } == 1)
  }

  @Test func ensure_keepsTheFirst_andDoesNotMakeTheSecond() {
    var builder = WorldBuilder()
    let isRegistered = builder.ensure(Book(volume: 1))
    #expect(isRegistered)
    let made = Shared(0)
    func make() -> Book {
      made.value += 1
      return Book(volume: 2)
    }
    let isReplaced = builder.ensure(make())
    #expect(!isReplaced)
    #expect(made.value == 0)
    expect(builder.contains(Book.self))
    expect(!builder.contains(Limits.self))
    #expect(builder.build()[Book.self].volume == 1)
  }
}
