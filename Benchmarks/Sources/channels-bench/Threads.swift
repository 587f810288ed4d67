// What moving messages between threads costs; with two cores, more threads than that take turns.

import BenchSupport

func threadGroups() -> [Group] {
  let toTask = Workload("thread-to-task-1024", count: 2_000_000)
  let manyToTask = Workload("4-threads-to-task-1024", count: 1_000_000)
  let manyToMany = Workload("4-to-4-1024", count: 1_000_000)
  return [
    Group(
      "thread-to-task-1024: a thread to a task, a message",
      ours: [
        toTask.line("SPSC", bar: .atMost(6), run: spscThreadToTask),
        toTask.line("MPSC") { try mpscThreadsToTask(1, $0) },
        toTask.line("MPMC") { try mpmcThreadsToTask(1, $0) },
      ],
      peers: toTask.lines(of: [.tokio, .flume, .crossbeam, .asyncChannel, .go])),
    Group(
      "4-threads-to-task-1024: four threads to a task, a message",
      ours: [
        manyToTask.line("MPSC", bar: .atMost(25)) { try mpscThreadsToTask(4, $0) },
        manyToTask.line("MPMC") { try mpmcThreadsToTask(4, $0) },
      ],
      peers: manyToTask.lines(of: [.tokio, .flume, .crossbeam, .asyncChannel, .go])),
    Group(
      "4-to-4-1024: four threads to four threads, a message",
      ours: [manyToMany.line("MPMC", run: mpmcThreadsToThreads)],
      peers: manyToMany.lines(of: [.flume, .crossbeam, .asyncChannel, .go])),
  ]
}
