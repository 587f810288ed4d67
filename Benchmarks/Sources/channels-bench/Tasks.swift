// What waiting costs on one thread: two tasks that wake each other, and waits that are given up.

import BenchSupport

func taskGroups() -> [Group] {
  let pingPong = Workload("ping-pong", count: 200_000)
  let rendezvous = Workload("rendezvous-ping-pong", count: 200_000)
  let sameThread = Workload("same-thread-64", count: 400_000)
  let cancelFew = Workload("cancel-40", count: 200_000, messages: 40)
  let cancelMany = Workload("cancel-40000", count: 200_000, messages: 40_000)
  return [
    Group(
      "ping-pong: two tasks, capacity 1, a switch",
      ours: [],
      peers: pingPong.lines(of: [.tokio, .flume, .asyncChannel, .go])),
    Group(
      "rendezvous-ping-pong: two tasks, capacity 0, a switch",
      ours: [],
      peers: rendezvous.lines(of: [.flume, .go])),
    Group(
      "same-thread-64: two tasks, capacity 64, a message",
      ours: [],
      peers: sameThread.lines(of: [.tokio, .flume, .asyncChannel, .go])),
    Group(
      "cancel-40: give up one of 40 waits, begin another",
      ours: [],
      peers: cancelFew.lines(of: [.flume, .asyncChannel])),
    Group(
      "cancel-40000: give up one of 40,000 waits, begin another",
      ours: [],
      // flume looks through all that wait: the others' count would take it half a minute.
      peers: cancelMany.lines(of: [.asyncChannel]) + cancelMany.counting(200).lines(of: [.flume])),
  ]
}
