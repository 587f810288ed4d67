// What moving messages between threads costs; with two cores, more threads than that take turns.

import BenchSupport

func threadGroups() -> [Group] {
  let toTask = Workload("thread-to-task-1024", count: 400_000)
  let manyToTask = Workload("4-threads-to-task-1024", count: 200_000)
  let manyToMany = Workload("4-to-4-1024", count: 400_000)
  return [
    Group(
      "thread-to-task-1024: a thread to a task, a message",
      ours: [],
      peers: toTask.lines(of: [.tokio, .flume, .crossbeam, .asyncChannel, .go])),
    Group(
      "4-threads-to-task-1024: four threads to a task, a message",
      ours: [],
      peers: manyToTask.lines(of: [.tokio, .flume, .crossbeam, .asyncChannel, .go])),
    Group(
      "4-to-4-1024: four threads to four threads, a message",
      ours: [],
      peers: manyToMany.lines(of: [.flume, .crossbeam, .asyncChannel, .go])),
  ]
}
