// Misuse of the world that the compiler cannot see ends the process with a sentence.

@testable import NexusRT
import Testing

private func addVolume(_ fill: Fill, _ book: inout Book) { book.volume += fill.quantity }

@Suite struct WorldTrapTests {
  @Test func handler_runWithAnotherWorld_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var one = marketWorld()
      var other = marketWorld()
      let handler = try one.handler(addVolume)
      handler.run(Fill(), in: &other)
    }
    expectSaid(result, "a handler was run with another world than the one it was made in")
  }

  @Test func handler_runAfterItsWorldIsGone_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      func make() throws -> Handler<Fill, Void, Never> {
        var world = marketWorld()
        return try world.handler(addVolume)
      }
      let handler = try make()
      var world = marketWorld()
      handler.run(Fill(), in: &world)
    }
    expectSaid(result, "a handler was run with another world than the one it was made in")
  }

  @Test func stepOfAPipeline_runWithAnotherWorld_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var one = marketWorld()
      var other = marketWorld()
      var pipeline = Pipeline(of: Fill.self).then(try one.handler(addVolume))
      pipeline.run(Fill(), in: &other)
    }
    expectSaid(result, "a handler was run with another world than the one it was made in")
  }

  @Test func handler_whoseResourceWasRemoved_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var world = marketWorld()
      let handler = try world.handler(addVolume)
      world.remove(Book.self)
      handler.run(Fill(), in: &world)
    }
    expectSaid(result, "a handler was run whose resource 1 (inout Book) was removed from the world")
  }

  @Test func handler_whoseResourceAnotherHandlerRemoved_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var world = marketWorld()
      let handler = try world.handler(addVolume)
      let clear = try world.handler { (_: Void, book: inout Book?) in book = nil }
      clear.run(in: &world)
      handler.run(Fill(), in: &world)
    }
    expectSaid(result, "a handler was run whose resource 1 (inout Book) was removed from the world")
  }

  @Test func handler_runInsideWithWorld_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask {
        try withWorld { world in
          world.insert(Book())
          // run(_:) borrows the world itself.
          try world.handler(addVolume).run(Fill())
        }
      }
    }
    expectSaid(result, "withWorld was called inside withWorld")
  }

  @Test func withWorld_inAHandlersFunction_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask {
        let handler = try withWorld { world in
          world.insert(Book())
          return try world.handler { (fill: Fill, book: inout Book) in
            withWorld { $0[Book.self].volume = 1 }
          }
        }
        handler.run(Fill())
      }
    }
    expectSaid(result, "withWorld was called inside withWorld")
  }

  @Test func handler_runOutsideATask_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var world = marketWorld()
      try world.handler(addVolume).run(Fill())
    }
    expectSaid(result, "withWorld must be called from a task of a runtime")
  }

  @Test func pipeline_runByItsOwnStep_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var world = World()
      let kept = Shared<Handler<Int, Int?, Never>?>(nil)
      kept.value = Pipeline(of: Int.self)
        .then(Handler { (value: Int, world: inout World) in kept.value?.run(value, in: &world) ?? 0 })
        .handler()
      kept.value?.run(1, in: &world)
    }
    expectSaid(result, "a pipeline was run by one of its own steps")
  }

  @Test func template_ofAHandlerWithoutContext_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var world = marketWorld()
      _ = try world.handler(addVolume).template(of: Book.self)
    }
    expectSaid(result, "template(of:) is for handlers that own a value of type Book, and this one does not")
  }

  @Test func template_ofAnotherType_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var world = marketWorld()
      _ = try world.handler(owning: Book(), addVolume).template(of: Int.self)
    }
    expectSaid(result, "template(of:) is for handlers that own a value of type Int")
  }

  @Test func withContext_withAnotherWorld_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var world = World()
      var other = World()
      let handler = try world.handler(owning: Book(), addVolume)
      handler.withContext(Book.self, in: &other) { $0.volume = 1 }
    }
    expectSaid(result, "withContext was given another world than the one the handler was made in")
  }

  @Test func insert_ofAnOptional_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var world = World()
      world.insert(Optional(Book()))
    }
    expectSaid(result, "Optional<Book> was registered: register the value itself")
  }

  @Test func world_withoutANoncopyableValue_trapsAndNamesIt() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var world = World()
      world.mutate(Unique.self) { _ in }
    }
    expectSaid(result, "the world has no value of type Unique")
  }
}
