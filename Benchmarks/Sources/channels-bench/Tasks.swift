// What waiting costs on one thread: two tasks that wake each other, and waits that are given up.

import BenchSupport
import NexusChannels

func taskGroups() -> [Group] {
  let pingPong = Workload("ping-pong", count: 200_000)
  let rendezvous = Workload("rendezvous-ping-pong", count: 200_000)
  let sameThread = Workload("same-thread-64", count: 400_000)
  let cancelFew = Workload("cancel-40", count: 200_000, messages: 40)
  let cancelMany = Workload("cancel-40000", count: 200_000, messages: 40_000)
  return [
    Group(
      "ping-pong: two tasks, capacity 1, a switch",
      ours: [
        pingPong.line("Local", bar: .atMost(30)) { count in
          try inRuntime {
            try await pingPongOn(
              Local.channel(of: UInt64.self, capacity: 1), Local.channel(of: UInt64.self, capacity: 1), count)
          }
        },
        pingPong.line("SPSC") { count in
          try inRuntime {
            try await pingPongOn(
              SPSC.channel(of: UInt64.self, capacity: 1), SPSC.channel(of: UInt64.self, capacity: 1), count)
          }
        },
        pingPong.line("MPSC") { count in
          try inRuntime {
            try await pingPongOn(
              MPSC.channel(of: UInt64.self, capacity: 1), MPSC.channel(of: UInt64.self, capacity: 1), count)
          }
        },
        pingPong.line("MPMC") { count in
          try inRuntime {
            try await pingPongOn(
              MPMC.channel(of: UInt64.self, capacity: 1), MPMC.channel(of: UInt64.self, capacity: 1), count)
          }
        },
      ],
      peers: pingPong.lines(of: [.tokio, .flume, .asyncChannel, .go])),
    Group(
      "rendezvous-ping-pong: two tasks, capacity 0, a switch",
      ours: [
        rendezvous.line("MPMC") { count in
          try inRuntime {
            try await pingPongOn(
              MPMC.channel(of: UInt64.self, capacity: 0), MPMC.channel(of: UInt64.self, capacity: 0), count)
          }
        }
      ],
      peers: rendezvous.lines(of: [.flume, .go])),
    Group(
      "same-thread-64: two tasks, capacity 64, a message",
      ours: [
        sameThread.line("Local", bar: .atMost(4)) { count in
          try inRuntime { try await sameThreadOn(Local.channel(of: UInt64.self, capacity: 64), count) }
        },
        sameThread.line("SPSC") { count in
          try inRuntime { try await sameThreadOn(SPSC.channel(of: UInt64.self, capacity: 64), count) }
        },
        sameThread.line("MPSC") { count in
          try inRuntime { try await sameThreadOn(MPSC.channel(of: UInt64.self, capacity: 64), count) }
        },
        sameThread.line("MPMC") { count in
          try inRuntime { try await sameThreadOn(MPMC.channel(of: UInt64.self, capacity: 64), count) }
        },
      ],
      peers: sameThread.lines(of: [.tokio, .flume, .asyncChannel, .go])),
    Group(
      "cancel-40: give up one of 40 waits, begin another",
      ours: [
        cancelFew.line("MPMC: a held receive", bar: .atMost(400)) { try cancelling(40, $0) },
        cancelFew.line("MPMC: a task, cancelled by its handle") { try cancellingTasks(40, $0) },
      ],
      peers: cancelFew.lines(of: [.flume, .asyncChannel])),
    Group(
      "cancel-40000: give up one of 40,000 waits, begin another",
      ours: [
        cancelMany.line("MPMC: a held receive", bar: .atMost(400)) { try cancelling(40_000, $0) },
        cancelMany.line("MPMC: a task, cancelled by its handle") { try cancellingTasks(40_000, $0) },
      ],
      // flume looks through all that wait: the others' count would take it half a minute.
      peers: cancelMany.lines(of: [.asyncChannel]) + cancelMany.counting(200).lines(of: [.flume])),
  ]
}
