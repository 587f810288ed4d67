// What the tests of the world share: a small market, and eight resources of different types.

@testable import NexusRT
import Testing

struct Fill: Equatable {
  var price = 10
  var quantity = 1
}

struct Book: Equatable {
  var volume = 0
}

struct Limits: Equatable {
  var largest = 100
}

struct Audit: Equatable {
  var lines: [String] = []
}

struct OrderError: Error, Equatable {
  var code = 0
}

/// A resource of its own type for each number.
protocol Numbered {
  var number: Int { get set }
  init(number: Int)
}

struct R1: Numbered { var number: Int }
struct R2: Numbered { var number: Int }
struct R3: Numbered { var number: Int }
struct R4: Numbered { var number: Int }
struct R5: Numbered { var number: Int }
struct R6: Numbered { var number: Int }
struct R7: Numbered { var number: Int }
struct R8: Numbered { var number: Int }

/// A world with R1 to R8, whose numbers are 1, 10, 100 and so on.
func eightResources() -> World {
  var world = World()
  world.insert(R1(number: 1))
  world.insert(R2(number: 10))
  world.insert(R3(number: 100))
  world.insert(R4(number: 1_000))
  world.insert(R5(number: 10_000))
  world.insert(R6(number: 100_000))
  world.insert(R7(number: 1_000_000))
  world.insert(R8(number: 10_000_000))
  return world
}

extension World {
  /// The numbers of R1 to R8.
  var numbers: [Int] {
    [
      self[R1.self].number, self[R2.self].number, self[R3.self].number, self[R4.self].number,
      self[R5.self].number, self[R6.self].number, self[R7.self].number, self[R8.self].number,
    ]
  }
}

func marketWorld() -> World {
  var world = World()
  world.insert(Book())
  world.insert(Limits())
  return world
}

/// Writes its name down when it goes. Each `Kind` is a type, and so a resource, of its own.
struct Leaver<Kind>: ~Copyable {
  let name: String
  let left: Shared<[String]>
  deinit { left.value.append(name) }
}

/// What `body` throws as a typed error.
func thrown<Failure: Error>(
  _ body: () throws(Failure) -> Void, sourceLocation: SourceLocation = #_sourceLocation
) -> Failure? {
  do throws(Failure) {
    try body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    return nil
  } catch {
    return error
  }
}
