// Every step of a pipeline: what goes on, what is dropped, what is thrown, and what is remembered.

@testable import NexusRT
import Testing

/// What comes out of `stage` for each of the inputs.
private func outputs<S: PipelineStage>(
  _ stage: S, _ inputs: [S.Input], _ world: inout World
) throws(S.Failure) -> [S.Output?] {
  var stage = stage
  var outputs: [S.Output?] = []
  for input in inputs { outputs.append(try stage.run(input, in: &world)) }
  return outputs
}

private func outputs<S: PipelineStage>(_ stage: S, _ inputs: [S.Input]) throws(S.Failure) -> [S.Output?] {
  var world = marketWorld()
  return try outputs(stage, inputs, &world)
}

private let numbers = Pipeline(of: Int.self)
private let throwing = Pipeline(of: Int.self, throwing: OrderError.self)

@Suite struct WorldPipelineTests {
  @Test func emptyPipeline_handsOn() { #expect(outputs(Pipeline(of: Int.self), [1, 2]) == [1, 2]) }

  @Test func map_turnsValues() { #expect(outputs(numbers.map { "\($0 + 1)" }, [1, 2]) == ["2", "3"]) }

  @Test func filter_drops() {
    #expect(outputs(numbers.filter { $0 > 1 }, [1, 2, 0, 3]) == [nil, 2, nil, 3])
  }

  @Test func compactMap_dropsNil() {
    #expect(outputs(Pipeline(of: String.self).compactMap { Int($0) }, ["1", "x", "3"]) == [1, nil, 3])
  }

  @Test func unwrap_dropsNil_orReplacesIt() {
    #expect(outputs(Pipeline(of: Int?.self).unwrap(), [1, nil, 3]) == [1, nil, 3])
    #expect(outputs(Pipeline(of: Int?.self).unwrap(or: 7), [1, nil, 3]) == [1, 7, 3])
  }

  @Test func guard_showsWhatItDrops() {
    let refused = Shared<[Int]>([])
    let pipeline = numbers.guard({ $0 < 10 }, else: { refused.value.append($0) })
    #expect(outputs(pipeline, [1, 20, 3, 30]) == [1, nil, 3, nil])
    #expect(refused.value == [20, 30])
  }

  @Test func tap_looksOn() {
    let seen = Shared<[Int]>([])
    #expect(outputs(numbers.tap { seen.value.append($0) }.filter { $0 > 1 }, [1, 2]) == [nil, 2])
    #expect(seen.value == [1, 2])
  }

  @Test func scan_remembers_perCopy() {
    let sums = numbers.scan(100) { (sum, value) in
      sum += value
      return sum
    }
    #expect(outputs(sums, [1, 2, 3]) == [101, 103, 106])
    #expect(outputs(sums, [1]) == [101])
  }

  @Test func dedup_dropsRepetitions() {
    #expect(outputs(numbers.dedup(), [1, 1, 2, 2, 2, 1]) == [1, nil, 2, nil, nil, 1])
    #expect(outputs(numbers.dedup { $0 / 10 }, [11, 12, 21, 25, 13]) == [11, nil, 21, nil, 13])
  }

  @Test func dedup_doesNotCountWhatWasDroppedBefore() {
    #expect(outputs(numbers.filter { $0 > 0 }.dedup(), [1, -1, 1, 2]) == [1, nil, nil, 2])
  }

  @Test func then_goesOnWithAHandlerOrAPipeline() throws {
    var world = marketWorld()
    let add = try world.handler { (value: Int, book: inout Book) in
      book.volume += value
      return book.volume
    }
    let twice = numbers.map { $0 * 2 }.filter { $0 > 2 }
    #expect(outputs(numbers.then(add), [1, 2], &world) == [1, 3])
    #expect(outputs(numbers.then(twice).then(add), [1, 2], &world) == [nil, 7])
    #expect(outputs(add.map { $0 + 1 }, [1], &world) == [9])
  }

  @Test func conditions_mayUseResources() throws {
    var world = marketWorld()
    let isAllowed = try world.handler { (value: Int, limits: Limits) in value <= limits.largest }
    #expect(outputs(numbers.filter(isAllowed), [100, 101], &world) == [100, nil])
    let refused = Shared<[Int]>([])
    #expect(
      outputs(numbers.guard(isAllowed, else: { refused.value.append($0) }), [1, 101], &world) == [1, nil])
    #expect(refused.value == [101])
    // A condition that drops the value says no.
    #expect(
      outputs(numbers.filter(numbers.filter { $0 > 5 }.then(isAllowed)), [1, 6, 101], &world) == [
        nil, 6, nil,
      ])
  }

  @Test func tee_sendsThroughASideBranch_whateverComesOut() throws {
    var world = marketWorld()
    let add = try world.handler { (value: Int, book: inout Book) in book.volume += value }
    let side = numbers.filter { $0 > 1 }.then(add)
    #expect(outputs(numbers.tee(side), [1, 2, 3], &world) == [1, 2, 3])
    #expect(world[Book.self].volume == 5)
  }

  @Test func route_takesOneArm() throws {
    var world = marketWorld()
    let add = try world.handler { (value: Int, book: inout Book) in
      book.volume += value
      return "book \(book.volume)"
    }
    let pipeline = numbers.route(
      when: { $0 < 0 }, to: numbers.map { "negative \($0)" },
      otherwise: numbers.route(
        when: { $0 < 10 }, to: add, otherwise: numbers.filter { $0 < 100 }.map { "\($0)" }))
    #expect(
      outputs(pipeline, [-1, 5, 50, 500, 6], &world) == ["negative -1", "book 5", "50", nil, "book 11"])
  }

  @Test func arms_rememberApart() {
    let count = numbers.scan(0) { (count, _) in
      count += 1
      return count
    }
    let pipeline = numbers.route(when: { $0 < 0 }, to: count, otherwise: count.map { $0 * 10 })
    #expect(outputs(pipeline, [-1, 1, 1, -1, 1]) == [1, 10, 20, 2, 30])
  }

  @Test func ownStage_isAStep() {
    struct Every: PipelineStage {
      let count: Int
      var seen = 0
      mutating func process(_ input: Int, in world: inout World) -> Int? {
        seen += 1
        return seen % count == 0 ? input : nil
      }
    }
    #expect(outputs(numbers.then(Every(count: 2)), [1, 2, 3, 4]) == [nil, 2, nil, 4])
  }

  @Test func runEach_countsAndHandsOn() {
    var world = marketWorld()
    var pipeline = numbers.filter { $0 % 2 == 0 }
    let inputs = Array(1...10)
    let count = pipeline.run(each: inputs.span, in: &world)
    #expect(count == 5)
    var out: [Int] = []
    pipeline.run(each: inputs.span, in: &world) { out.append($0) }
    #expect(out == [2, 4, 6, 8, 10])
  }
}

@Suite struct WorldPipelineErrorTests {
  @Test func thrownError_endsTheRun() throws {
    let after = Shared(0)
    let pipeline =
      throwing
      .map { value throws(OrderError) in
        if value < 0 { throw OrderError(code: value) }
        return value
      }
      .tap { _ in after.value += 1 }
    #expect(try outputs(pipeline, [1, 2]) == [1, 2])
    let error = thrown { () throws(OrderError) in _ = try outputs(pipeline, [3, -4]) }
    #expect(error == OrderError(code: -4))
    #expect(after.value == 3)
  }

  /// Throws what is negative, drops 0.
  private var picky: some PipelineStage<Int, Int, OrderError> {
    throwing
      .guard({ $0 >= 0 }, else: { value throws(OrderError) in throw OrderError(code: value) })
      .filter { $0 > 0 }
  }

  @Test func mapError_turnsErrors() {
    struct Other: Error, Equatable { var text: String }
    let error = thrown { () throws(Other) in
      _ = try outputs(picky.mapError { Other(text: "\($0.code)") }, [1, -2])
    }
    #expect(error == Other(text: "-2"))
  }

  @Test func inspectError_looksOn() {
    let seen = Shared<[Int]>([])
    let error = thrown { () throws(OrderError) in
      _ = try outputs(picky.inspectError { seen.value.append($0.code) }, [1, -2])
    }
    #expect(error == OrderError(code: -2))
    #expect(seen.value == [-2])
  }

  @Test func catch_dropsWhatFailed() {
    let seen = Shared<[Int]>([])
    #expect(outputs(picky.catch { seen.value.append($0.code) }, [1, -2, 0, 3]) == [1, nil, nil, 3])
    #expect(seen.value == [-2])
  }

  @Test func recover_replacesWhatFailed_orDropsIt() {
    #expect(outputs(picky.recover { $0.code < -5 ? nil : -$0.code }, [1, -2, 0, -9]) == [1, 2, nil, nil])
  }

  @Test func recover_byAHandler_usesResources() throws {
    var world = marketWorld()
    let branch = try world.handler { (error: OrderError, book: inout Book) -> Int? in
      book.volume += 1
      return error.code == -9 ? nil : book.volume
    }
    #expect(outputs(picky.recover(branch), [5, -1, -9, -1], &world) == [5, 1, nil, 3])
  }

  @Test func result_makesValuesOfErrors_andUnwrapThrowsThemAgain() {
    let results = outputs(picky.result(), [1, -2, 0])
    #expect(results == [.success(1), .failure(OrderError(code: -2)), nil])
    let error = thrown { () throws(OrderError) in
      _ = try outputs(picky.result().throwing(OrderError.self).unwrap(), [1, -2])
    }
    #expect(error == OrderError(code: -2))
  }

  @Test func orElse_replacesWhatWasDropped() throws {
    #expect(try outputs(picky.orElse { $0 == 0 ? 99 : nil }, [1, 0]) == [1, 99])
    let error = thrown { () throws(OrderError) in
      _ = try outputs(picky.orElse { _ throws(OrderError) in throw OrderError(code: 7) }, [0])
    }
    #expect(error == OrderError(code: 7))
  }

  @Test func throwingAndNotThrowingStages_mix() throws {
    var world = marketWorld()
    let check = try world.handler { (value: Int, limits: Limits) throws(OrderError) in
      if value > limits.largest { throw OrderError(code: value) }
      return value
    }
    let isEven = try world.handler { (value: Int, book: Book) in value % 2 == 0 }
    let add = try world.handler { (value: Int, book: inout Book) in book.volume += value }
    let pipeline = throwing.then(check).filter(isEven).tee(add).guard(isEven, else: { _ in }).then(
      numbers.map { $0 + 1 })
    #expect(try outputs(pipeline, [1, 2], &world) == [nil, 3])
    let error = thrown { () throws(OrderError) in _ = try outputs(pipeline, [101], &world) }
    #expect(error == OrderError(code: 101))
    #expect(world[Book.self].volume == 2)
  }

  @Test func route_throwsFromItsCondition_andItsArms() {
    let arm = throwing.map { value throws(OrderError) in
      if value == 3 { throw OrderError(code: 3) }
      return value
    }
    let pipeline = throwing.route(
      when: { value throws(OrderError) in
        if value == 9 { throw OrderError(code: 9) }
        return value > 1
      }, to: arm, otherwise: throwing)
    for wrong in [3, 9] {
      let error = thrown { () throws(OrderError) in _ = try outputs(pipeline, [1, 2, wrong]) }
      #expect(error == OrderError(code: wrong))
    }
  }
}

@Suite struct WorldStampedPipelineTests {
  @Test func handlers_ofOnePipeline_rememberApart_andCopiesShare() throws {
    var world = marketWorld()
    let add = try world.handler { (value: Int, book: inout Book) in
      book.volume += value
      return value
    }
    let pipeline = numbers.scan(0) { (sum, value) in
      sum += value
      return sum
    }.then(add)
    let first = pipeline.handler()
    let second = pipeline.handler()
    let copy = first
    #expect(first.run(1, in: &world) == 1)
    #expect(second.run(10, in: &world) == 10)
    #expect(copy.run(2, in: &world) == 3)
    #expect(world[Book.self].volume == 14)
  }

  @Test func pipelineWithoutOutput_isAHandlerLikeAnyOther() throws {
    var world = marketWorld()
    let add = try world.handler { (value: Int, book: inout Book) in book.volume += value }
    let handlers: [Handler<Int, Void, Never>] = [add, numbers.filter { $0 > 1 }.then(add).handler()]
    for handler in handlers {
      handler.run(1, in: &world)
      handler.run(2, in: &world)
    }
    #expect(world[Book.self].volume == 5)
  }

  @Test func whatAStageKeeps_goesWithItsHandler() {
    let lives = Lives()
    do {
      let tracked = Tracked(lives)
      var world = World()
      let handler = numbers.scan(tracked) { (_, value) in value }.handler()
      #expect(handler.run(1, in: &world) == 1)
    }
    #expect(lives.alive == 0)
  }

  @Test func failedRun_canBeFollowedByAnother() {
    var world = marketWorld()
    let handler = throwing.map { value throws(OrderError) in
      if value < 0 { throw OrderError(code: value) }
      return value
    }.handler()
    _ = thrown { () throws(OrderError) in _ = try handler.run(-1, in: &world) }
    #expect((try? handler.run(1, in: &world)) == 1)
  }
}
