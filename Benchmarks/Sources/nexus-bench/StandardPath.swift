// What Swift offers without us, on the smallest executor that can run it: one thread, two arrays, no lock.

import BenchSupport
import Glibc

/// Runs jobs in the order they came, on the thread that made it.
final class LoopExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
  private let thread = pthread_self()
  private var pending: [UnownedJob] = []
  private var running: [UnownedJob] = []

  func enqueue(_ job: consuming ExecutorJob) {
    // Everything measured here stays on one thread: a job from another would make the number one of thread switches.
    precondition(pthread_equal(pthread_self(), thread) != 0, "a job came from another thread")
    pending.append(UnownedJob(job))
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
  func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

  /// Runs `body` as a task, and whatever it starts, until there is nothing left to run.
  func run(_ body: @escaping @Sendable () async -> Double) -> Double {
    let result = Result()
    Task(executorPreference: self) { result.value = await body() }
    let serial = asUnownedSerialExecutor()
    let task = asUnownedTaskExecutor()
    while !pending.isEmpty {
      swap(&pending, &running)
      for job in running { job.runSynchronously(isolatedTo: serial, taskExecutor: task) }
      running.removeAll(keepingCapacity: true)
    }
    guard let value = result.value else {
      fatalError("a job went to another executor and was not waited for")
    }
    return value
  }

  private final class Result: @unchecked Sendable { var value: Double? }
}

/// An actor on such an executor.
actor Stage {
  private let loop: LoopExecutor
  private var parked: UnsafeContinuation<Void, Never>?
  private var handed = 0

  init(_ loop: LoopExecutor) { self.loop = loop }

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// Two tasks of which each resumes the other and then suspends in `withUnsafeContinuation`. They prefer the actor's
  /// executor: a resumed task without a preference goes through the global pool first.
  func handRound(each: Int) async -> Double {
    handed = 0
    let start = now()
    let one = Task(executorPreference: loop) { await self.play(each) }
    let other = Task(executorPreference: loop) { await self.play(each) }
    await one.value
    await other.value
    let took = Double(now() - start)
    precondition(handed == 2 * each, "a wake was lost")
    return took / Double(2 * each)
  }

  private func play(_ count: Int) async {
    for _ in 0..<count {
      await withUnsafeContinuation { continuation in
        let other = parked
        parked = continuation
        resume(other)
      }
    }
    let other = parked
    parked = nil
    resume(other)
  }

  private func resume(_ other: UnsafeContinuation<Void, Never>?) {
    guard let other else { return }
    handed &+= 1
    other.resume()
  }

  func spawnRound(_ count: Int) async -> Double {
    var sum = 0
    let start = now()
    // Named, so that the task is isolated to this actor and stays on its executor.
    for _ in 0..<count { sum &+= await Task { self.one() }.value }
    let took = Double(now() - start)
    precondition(opaque(sum) == count, "a result is missing")
    return took / Double(count)
  }

  func spawnBatchRound(_ batches: Int) async -> Double {
    var tasks: [Task<Int, Never>] = []
    var sum = 0
    let start = now()
    for _ in 0..<batches {
      for _ in 0..<1_000 { tasks.append(Task { self.one() }) }
      for task in tasks { sum &+= await task.value }
      tasks.removeAll(keepingCapacity: true)
    }
    let took = Double(now() - start)
    precondition(opaque(sum) == batches * 1_000, "a result is missing")
    return took / Double(batches * 1_000)
  }

  private func one() -> Int { 1 }
}

func standardHandingPair() -> Double {
  let loop = LoopExecutor()
  return loop.run {
    let stage = Stage(loop)
    _ = await stage.handRound(each: 1_000)
    return await stage.handRound(each: 100_000)
  }
}

func standardYielding(tasks: Int) -> Double {
  let loop = LoopExecutor()
  @Sendable func round(_ yieldsEach: Int) async -> Double {
    let start = now()
    let all = (0..<tasks).map { _ in
      Task(executorPreference: loop) {
        for _ in 0..<yieldsEach { await Task.yield() }
        return yieldsEach
      }
    }
    var sum = 0
    for task in all { sum += await task.value }
    let took = Double(now() - start)
    precondition(sum == tasks * yieldsEach, "a task did not finish")
    return took / Double(sum)
  }
  return loop.run {
    _ = await round(2)
    return await round(200_000 / tasks)
  }
}

func standardSpawnAndJoin() -> Double {
  let loop = LoopExecutor()
  return loop.run {
    let stage = Stage(loop)
    _ = await stage.spawnRound(1_000)
    return await stage.spawnRound(50_000)
  }
}

func standardSpawnBatches() -> Double {
  let loop = LoopExecutor()
  return loop.run {
    let stage = Stage(loop)
    _ = await stage.spawnBatchRound(2)
    return await stage.spawnBatchRound(50)
  }
}

func standardSpawnPreferring() -> Double {
  let loop = LoopExecutor()
  @Sendable func round(_ count: Int) async -> Double {
    var sum = 0
    let start = now()
    for _ in 0..<count { sum &+= await Task(executorPreference: loop) { 1 }.value }
    let took = Double(now() - start)
    precondition(opaque(sum) == count, "a result is missing")
    return took / Double(count)
  }
  return loop.run {
    _ = await round(1_000)
    return await round(50_000)
  }
}
