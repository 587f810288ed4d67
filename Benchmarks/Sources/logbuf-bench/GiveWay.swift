// How a thread that finds the ring full or empty spends its time. Asking again at once is the worst it can do: a writer
// that keeps looking at the reader's position takes that cache line from the reader at every record, and gets room for
// one record each time. Measured here: 35 to 150 ns a record with one spin hint between two tries, 8 ns with 64.

import CBench

/// Waits about a microsecond, in which the other side gets some records ahead.
@inline(never)
func giveWay() {
  for _ in 0..<64 { bench_spin_hint() }
}
