// Handlers in tasks, and what a dispatch does not do: allocate.

import CAllocationCounter
@testable import NexusRT
import Testing

private func addVolume(_ fill: Fill, _ book: inout Book, _ limits: Limits) -> Int {
  book.volume += fill.quantity
  return limits.largest
}

@Suite struct WorldTaskTests {
  @Test func handlers_ofTheWorldGivenToTheRuntime_runInItsTasks() async throws {
    try await onThread {
      let runtime = try Runtime(world: marketWorld())
      let volume = try runtime.blockOn {
        let handler = try withWorld { try $0.handler(addVolume) }
        let tasks = (1...4).map { quantity in
          Kept(
            spawnBoxed {
              for _ in 0..<10 {
                handler.run(Fill(quantity: quantity))
                await yield()
              }
            })
        }
        for task in tasks { try await task.take().value() }
        return withWorld { $0[Book.self].volume }
      }
      expectEqual(volume, 100)
    }
  }

  @Test func handlers_areMovedIntoTasks_withTheirContext() async throws {
    try await inTask {
      let template = try withWorld { world in
        world.insert(Book())
        return try world.handler(owning: [Int]()) { (fill: Fill, seen: inout [Int], book: inout Book) in
          seen.append(fill.quantity)
          book.volume += fill.quantity
          return seen.count
        }
        .template(of: [Int].self)
      }
      let tasks = (1...3).map { id in
        Kept(
          spawnBoxed(template.stamp(owning: [])) { handler in
            var count = 0
            for _ in 0..<id {
              count = withWorld { handler.run(Fill(quantity: id), in: &$0) }
              await yield()
            }
            return count
          })
      }
      var counts: [Int] = []
      for task in tasks { counts.append(try await task.take().value()) }
      expectEqual(counts, [1, 2, 3])
      expectEqual(withWorld { $0[Book.self].volume }, 14)
    }
  }

  @Test func withWorld_isFreeAgain_afterAnError() async throws {
    try await inTask {
      for _ in 0..<2 {
        do {
          try withWorld { _ in throw TestError(number: 1) }
          expect(false, "nothing was thrown")
        } catch {
          expectEqual(error as? TestError, TestError(number: 1))
        }
      }
      withWorld { world in _ = world.insert(1) }
    }
  }

  @Test func handler_throwsThroughWithWorld() async throws {
    try await inTask {
      let handler = try withWorld { world in
        world.insert(Book())
        return try world.handler { (fill: Fill, book: inout Book) throws(OrderError) in
          throw OrderError(code: fill.quantity)
        }
      }
      for quantity in 1...2 {
        do throws(OrderError) {
          try handler.run(Fill(quantity: quantity))
          expect(false, "nothing was thrown")
        } catch {
          expectEqual(error, OrderError(code: quantity))
        }
      }
    }
  }
}

@Suite(.enabled(if: allocation_count_is_available())) struct WorldAllocationTests {
  @Test(.enabled(if: isOptimised)) func dispatch_allocatesNothing() throws {
    var world = eightResources()
    world.insert(Audit(lines: ["a"]))
    let none = try world.handler { (event: Int) in event }
    let one = try world.handler { (event: Int, a: inout R1) in
      a.number += event
      return a.number
    }
    let eight = try world.handler {
      (event: Int, a: inout R1, b: inout R2, c: inout R3, d: inout R4, e: R5, f: R6, g: R7, h: Audit) in
      d.number += event
      return e.number + h.lines.count
    }
    let optional = try world.handler { (event: Int, audit: Audit?) in audit?.lines.count ?? event }
    let owning = try world.handler(owning: 3) { (event: Int, own: inout Int, a: R1) in
      own += event
      return own
    }
    let handlers = [none, one, eight, optional, owning]
    let pipeline = Pipeline(of: Int.self).filter { $0 >= 0 }.dedup()
      .scan(0) { (sum, value) in
        sum += value
        return sum
      }
      .then(one).handler()
    var sum = 0
    let before = allocation_count()
    for round in 1...1_000 {
      for handler in handlers { sum &+= handler.run(round, in: &world) }
      sum &+= pipeline.run(round, in: &world) ?? 0
    }
    let after = allocation_count()
    #expect(after == before)
    #expect(sum != 0)
  }

  @Test(.enabled(if: isOptimised)) func optionalWrite_allocatesNothing() throws {
    var world = marketWorld()
    let toggle = try world.handler { (_: Void, limits: inout Limits?) in
      limits = limits == nil ? Limits() : nil
    }
    let read = try world.handler { (_: Void, book: Book, limits: Limits?) in limits == nil ? 0 : 1 }
    toggle.run(in: &world)
    toggle.run(in: &world)
    var seen = 0
    let before = allocation_count()
    for _ in 0..<1_000 {
      toggle.run(in: &world)
      seen += read.run(in: &world)
    }
    let after = allocation_count()
    #expect(after == before)
    #expect(seen == 500)
  }

  @Test func dispatchInATask_allocatesNothing() async throws {
    try await inTask {
      let handler = try withWorld { world in
        world.insert(Book())
        world.insert(Limits())
        return try world.handler(addVolume)
      }
      let before = allocation_count()
      for _ in 0..<1_000 {
        handler.run(Fill())
        withWorld { world in _ = handler.run(Fill(), in: &world) }
      }
      expectEqual(allocation_count() - before, 0)
    }
  }

  @Test func manyHandlersOfOneList_shareItsAddresses() throws {
    var world = marketWorld()
    let handler = try world.handler(addVolume)
    let again = try world.handler(addVolume)
    let other = try world.handler { (fill: Fill, book: inout Book, limits: Limits) in book.volume }
    #expect(unsafe handler.places.base == again.places.base)
    #expect(unsafe handler.places.base == other.places.base)
    let reading = try world.handler { (fill: Fill, book: Book, limits: Limits) in book.volume }
    #expect(unsafe handler.places.base != reading.places.base)
  }

  @Test(.enabled(if: isOptimised)) func stamp_allocatesTwice() throws {
    var world = marketWorld()
    let first = try world.handler(owning: 1) { (fill: Fill, own: inout Int, book: Book) in own }
    let template = first.template(of: Int.self)
    _ = template.stamp(owning: 2)
    let before = allocation_count()
    let stamped = template.stamp(owning: 3)
    let after = allocation_count()
    #expect(after - before == 2)
    #expect(stamped.run(Fill(), in: &world) == 3)
  }
}
