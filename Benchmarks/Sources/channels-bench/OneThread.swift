// What the instructions cost: nobody waits, nothing is moved between cores.

import BenchSupport
import NexusChannels

func oneThreadGroups() -> [Group] {
  let pairs = Workload("pairs", count: 1_000_000)
  let select = Workload("select-4-ready", count: 400_000)
  let oneShot = Workload("oneshot", count: 400_000)
  return [
    Group(
      "pairs: try to send, try to receive, capacity 64",
      ours: [
        pairs.line("Local", bar: .atMost(3)) {
          try pairsOn(Local.channel(of: UInt64.self, capacity: 64), $0)
        },
        pairs.line("Local, its own type instead of the protocol", run: pairsOnLocal),
        pairs.line("SPSC", bar: .atMost(5)) { try pairsOn(SPSC.channel(of: UInt64.self, capacity: 64), $0) },
        pairs.line("MPSC", bar: .atMost(10)) { try pairsOn(MPSC.channel(of: UInt64.self, capacity: 64), $0) },
        pairs.line("MPMC") { try pairsOn(MPMC.channel(of: UInt64.self, capacity: 64), $0) },
      ],
      peers: pairs.lines(of: [.tokio, .flume, .crossbeam, .asyncChannel, .go])),
    Group(
      "select-4-ready: select among 4 receivers that are ready",
      ours: [
        select.line("Local", bar: .atMost(40)) { count in
          try inRuntime { try await selectAmong4(count) { Local.channel(of: UInt64.self, capacity: 64) } }
        },
        select.line("SPSC", bar: .atMost(40)) { count in
          try inRuntime { try await selectAmong4(count) { SPSC.channel(of: UInt64.self, capacity: 64) } }
        },
        select.line("MPSC", bar: .atMost(40)) { count in
          try inRuntime { try await selectAmong4(count) { MPSC.channel(of: UInt64.self, capacity: 64) } }
        },
        select.line("MPMC", bar: .atMost(40)) { count in
          try inRuntime { try await selectAmong4(count) { MPMC.channel(of: UInt64.self, capacity: 64) } }
        },
      ],
      peers: select.lines(of: [.tokio, .crossbeam, .go])),
    Group(
      "oneshot: make one, send, receive",
      ours: [oneShot.line("Oneshot", run: oneshots)],
      peers: oneShot.lines(of: [.tokio, .flume, .asyncChannel, .go])),
  ]
}
