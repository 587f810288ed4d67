// What a handler costs over a call of its function, and a pipeline over its steps written out.
//
// The functions that are called are not inlined, on either side, and each resource is in memory of its own, on either side. Handlers
// come out of functions that are not inlined or from an array, so that the compiler cannot see what they will call.

import BenchSupport
import Glibc
import NexusRT

struct Tick {
  var price: Int
  var quantity: Int
}

// Eight resources of different types.
struct R0 { var sum = 0 }
struct R1 { var sum = 1 }
struct R2 { var sum = 2 }
struct R3 { var sum = 3 }
struct R4 { var sum = 4 }
struct R5 { var sum = 5 }
struct R6 { var sum = 6 }
struct R7 { var sum = 7 }

@inline(never)
private func none(_ tick: Tick) -> Int { tick.price &+ tick.quantity }

@inline(never)
private func one(_ tick: Tick, _ a: inout R0) -> Int {
  a.sum &+= tick.quantity
  return tick.price
}

@inline(never)
private func three(_ tick: Tick, _ a: inout R0, _ b: inout R1, _ c: R2) -> Int {
  a.sum &+= tick.quantity
  b.sum &+= c.sum
  return tick.price
}

@inline(never)
private func eight(
  _ tick: Tick, _ a: inout R0, _ b: inout R1, _ c: inout R2, _ d: inout R3,
  _ e: R4, _ f: R5, _ g: R6, _ h: R7
) -> Int {
  a.sum &+= tick.quantity
  b.sum &+= e.sum
  c.sum &+= f.sum
  d.sum &+= g.sum &+ h.sum
  return tick.price
}

/// The same resources without a world, each in memory of its own.
private struct Plain {
  let a = Self.place(R0())
  let b = Self.place(R1())
  let c = Self.place(R2())
  let d = Self.place(R3())
  let e = Self.place(R4())
  let f = Self.place(R5())
  let g = Self.place(R6())
  let h = Self.place(R7())

  private static func place<Value>(_ value: Value) -> UnsafeMutablePointer<Value> {
    let place = UnsafeMutablePointer<Value>.allocate(capacity: 1)
    place.initialize(to: value)
    return opaque(place)
  }

  func free() {
    a.deallocate()
    b.deallocate()
    c.deallocate()
    d.deallocate()
    e.deallocate()
    f.deallocate()
    g.deallocate()
    h.deallocate()
  }
}

private final class Kept {
  var handler: Handler<Tick, Int, Never>
  init(_ handler: Handler<Tick, Int, Never>) { self.handler = handler }
}

private let calls = 20_000_000

private func eightResources() -> World {
  var world = World()
  world.insert(R0())
  world.insert(R1())
  world.insert(R2())
  world.insert(R3())
  world.insert(R4())
  world.insert(R5())
  world.insert(R6())
  world.insert(R7())
  return world
}

/// CPU time of this thread, in ns: what is measured here never waits, and must not be charged for what else runs.
private func cpuTime() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// ns a call of `body`, given numbers that follow from each other.
@inline(__always)
private func perCall(_ body: (Tick) -> Int) -> Double {
  var sum = 0
  let start = cpuTime()
  for index in 0..<calls { sum &+= body(Tick(price: index, quantity: 1)) }
  let took = Double(cpuTime() - start)
  precondition(opaque(sum) != 1, "a result is missing")
  return took / Double(calls)
}

enum Arity: Int, CaseIterable {
  case zero = 0
  case one = 1
  case three = 3
  case eight = 8
}

/// The function called as such.
func directCall(_ arity: Arity) -> Double {
  let it = opaque(Plain())
  defer { it.free() }
  let took =
    switch arity {
    case .zero: perCall { none($0) }
    case .one: perCall { one($0, &it.a.pointee) }
    case .three: perCall { three($0, &it.a.pointee, &it.b.pointee, it.c.pointee) }
    case .eight:
      perCall {
        eight(
          $0, &it.a.pointee, &it.b.pointee, &it.c.pointee, &it.d.pointee,
          it.e.pointee, it.f.pointee, it.g.pointee, it.h.pointee)
      }
    }
  precondition(opaque(it.a.pointee.sum) != 1)
  return took
}

@inline(never)
private func handler(_ arity: Arity, in world: inout World) throws -> Handler<Tick, Int, Never> {
  switch arity {
  case .zero: try world.handler(none)
  case .one: try world.handler(one)
  case .three: try world.handler(three)
  case .eight: try world.handler(eight)
  }
}

/// The function called by a handler.
func handlerCall(_ arity: Arity) throws -> Double {
  var world = eightResources()
  let kept = opaque(Kept(try handler(arity, in: &world)))
  let handler = kept.handler
  let took = perCall { handler.run($0, in: &world) }
  precondition(opaque(world[R0.self].sum) != 1)
  return took
}

/// Handlers with three resources, taken from an array one after the other: Swift retains each while it runs.
func handlersInArray(owning: Bool) throws -> Double {
  var world = eightResources()
  let handlers = try (0..<8).map { _ in
    owning ? try world.handler(owning: Session(id: 1), onMessage) : try world.handler(three)
  }
  let table = opaque(handlers)
  return perCall { table[$0.price & 7].run($0, in: &world) }
}

// MARK: Pipelines

private func isWanted(_ tick: Tick) -> Bool { tick.quantity > 0 }

private func notional(_ tick: Tick) -> Int { tick.price &* tick.quantity }

@inline(never)
private func record(_ notional: Int, _ a: inout R0, _ b: R1) -> Int {
  a.sum &+= notional
  return b.sum
}

/// filter, map and a function with two resources, written out.
func threeStepsWrittenOut() -> Double {
  let it = opaque(Plain())
  defer { it.free() }
  return perCall { tick in
    guard isWanted(tick) else { return 0 }
    return record(notional(tick), &it.a.pointee, it.b.pointee)
  }
}

@inline(never)
private func threeSteps(in world: inout World) throws -> some PipelineStage<Tick, Int, Never> {
  Pipeline(of: Tick.self).filter(isWanted).map(notional).then(try world.handler(record))
}

/// The same as a pipeline, in the function that built it.
func threeStepsInPlace() throws -> Double {
  var world = eightResources()
  var pipeline = Pipeline(of: Tick.self).filter(isWanted).map(notional).then(try world.handler(record))
  return perCall { pipeline.run($0, in: &world) ?? 0 }
}

/// The same as a handler that came from elsewhere.
func threeStepsAsHandler() throws -> Double {
  var world = eightResources()
  let handler = opaque(try threeSteps(in: &world).handler())
  return perCall { handler.run($0, in: &world) ?? 0 }
}

private struct IsWanted: PipelineStage {
  mutating func process(_ tick: Tick, in world: inout World) -> Tick? { isWanted(tick) ? tick : nil }
}

private struct Notional: PipelineStage {
  mutating func process(_ tick: Tick, in world: inout World) -> Int? { notional(tick) }
}

@inline(never)
private func threeTypes(in world: inout World) throws -> some PipelineStage<Tick, Int, Never> {
  Pipeline(of: Tick.self).then(IsWanted()).then(Notional()).then(try world.handler(record))
}

/// The same, the steps being types of their own and not closures.
func threeTypesAsHandler() throws -> Double {
  var world = eightResources()
  let handler = opaque(try threeTypes(in: &world).handler())
  return perCall { handler.run($0, in: &world) ?? 0 }
}

/// filter, scan, dedup, map, and a function with two resources, written out.
func fiveStepsWrittenOut() -> Double {
  let it = opaque(Plain())
  defer { it.free() }
  var volume = 0
  var last: Int? = nil
  return perCall { tick in
    guard isWanted(tick) else { return 0 }
    volume &+= tick.quantity
    let seen = volume
    if last == seen { return 0 }
    last = seen
    return record(seen &* 2, &it.a.pointee, it.b.pointee)
  }
}

@inline(never)
private func fiveSteps(in world: inout World) throws -> some PipelineStage<Tick, Int, Never> {
  Pipeline(of: Tick.self)
    .filter(isWanted)
    .scan(0) { (volume, tick) in
      volume &+= tick.quantity
      return volume
    }
    .dedup()
    .map { $0 &* 2 }
    .then(try world.handler(record))
}

/// The same as a handler that came from elsewhere.
func fiveStepsAsHandler() throws -> Double {
  var world = eightResources()
  let handler = opaque(try fiveSteps(in: &world).handler())
  return perCall { handler.run($0, in: &world) ?? 0 }
}

// MARK: Making handlers, and tasks

private struct Session {
  var id: Int
  var count = 0
}

private func onMessage(_ tick: Tick, _ session: inout Session, _ a: inout R0, _ b: R1) -> Int {
  session.count += 1
  a.sum &+= b.sum
  return session.id
}

private let made = 1_000_000

/// Resolve a handler with a context and two resources.
func resolving() throws -> Double {
  var world = eightResources()
  var sum = 0
  let count = made / 10
  let start = cpuTime()
  for id in 0..<count {
    let handler = try world.handler(owning: Session(id: id), onMessage)
    sum &+= handler.run(Tick(price: 1, quantity: 1), in: &world)
  }
  let took = Double(cpuTime() - start)
  precondition(opaque(sum) == count * (count - 1) / 2)
  return took / Double(count)
}

/// Stamp the same, run it once, drop it.
func stamping() throws -> Double {
  var world = eightResources()
  let template = opaque(
    try world.handler(owning: Session(id: 0), onMessage).template(of: Session.self))
  var sum = 0
  let start = cpuTime()
  for id in 0..<made {
    sum &+= template.stamp(owning: Session(id: id)).run(Tick(price: 1, quantity: 1), in: &world)
  }
  let took = Double(cpuTime() - start)
  precondition(opaque(sum) == made * (made - 1) / 2)
  return took / Double(made)
}

/// A handler in a task: each run borrows the world.
func handlerInTask() throws -> Double {
  try inRuntime {
    let handler = opaque(
      try withWorld { world in
        world.insert(R0())
        world.insert(R1())
        world.insert(R2())
        return try world.handler(three)
      })
    return perCall { tick in withWorld { handler.run(tick, in: &$0) } }
  }
}

/// The same function in a task without a world.
func directCallInTask() throws -> Double { try inRuntime { directCall(.three) } }

func dispatchGroups() -> [Group] {
  let three = Difference()
  let five = Difference()
  let inTask = Difference()
  return [
    Group(
      "dispatch: a handler over a direct call",
      Arity.allCases.flatMap { arity in
        let difference = Difference()
        return [
          Line("direct call, \(arity.rawValue) resources") { difference.of(directCall(arity)) },
          Line("handler, \(arity.rawValue) resources") { difference.to(try handlerCall(arity)) },
          Line("  the handler takes longer by", bar: .atMost(2)) { difference.value },
        ]
      } + [
        Line("handlers in an array, 3 resources") { try handlersInArray(owning: false) },
        Line("handlers in an array that own a context") { try handlersInArray(owning: true) },
      ]),
    Group(
      "dispatch: a pipeline over its steps written out",
      [
        Line("filter, map, function of 2 resources: written out") { three.of(threeStepsWrittenOut()) },
        Line("  as a pipeline, where it was built", run: threeStepsInPlace),
        Line("  as a handler from elsewhere") { three.to(try threeStepsAsHandler()) },
        Line("  that takes longer by") { three.value },
        Line("  as a handler, with types for steps", run: threeTypesAsHandler),
        Line("filter, scan, dedup, map, function: written out") { five.of(fiveStepsWrittenOut()) },
        Line("  as a handler from elsewhere") { five.to(try fiveStepsAsHandler()) },
        Line("  that takes longer by") { five.value },
      ]),
    Group(
      "dispatch: in a task",
      [
        Line("direct call, 3 resources") { inTask.of(try directCallInTask()) },
        Line("withWorld and a handler, 3 resources") { inTask.to(try handlerInTask()) },
        Line("  that takes longer by", bar: .atMost(4)) { inTask.value },
      ]),
    Group(
      "dispatch: make a handler with a context, run it once, drop it",
      [
        Line("stamped", run: stamping),
        Line("resolved", run: resolving),
      ]),
  ]
}

/// What one line of a round took longer than another.
private final class Difference {
  private var first = 0.0
  private(set) var value = 0.0

  func of(_ time: Double) -> Double {
    first = time
    return time
  }

  func to(_ time: Double) -> Double {
    value = time - first
    return time
  }
}
