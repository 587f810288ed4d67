// What the instructions cost: nobody waits, nothing is moved between cores.

import BenchSupport

func oneThreadGroups() -> [Group] {
  let pairs = Workload("pairs", count: 1_000_000)
  let select = Workload("select-4-ready", count: 400_000)
  let oneShot = Workload("oneshot", count: 400_000)
  return [
    Group(
      "pairs: try to send, try to receive, capacity 64",
      ours: [],
      peers: pairs.lines(of: [.tokio, .flume, .crossbeam, .asyncChannel, .go])),
    Group(
      "select-4-ready: select among 4 receivers that are ready",
      ours: [],
      peers: select.lines(of: [.tokio, .crossbeam, .go])),
    Group(
      "oneshot: make one, send, receive",
      ours: [],
      peers: oneShot.lines(of: [.tokio, .flume, .asyncChannel, .go])),
  ]
}
