// Two threads that park in a ring of their own each, and wake each other: by the other's eventfd, or by a message to the
// other's ring. What a runtime does to be woken, and what it could do instead, without the runtime.
#ifndef BENCH_WAKE_H
#define BENCH_WAKE_H

typedef enum bench_wake_way {
  /// A write(2) to an eventfd that the sleeper's ring reads from.
  BENCH_WAKE_EVENTFD,
  /// IORING_OP_MSG_RING, submitted at once.
  BENCH_WAKE_MESSAGE,
  /// The same, submitted with the sender's own next wait: one system call a side and round, and later for the sleeper if
  /// the sender has other work first.
  BENCH_WAKE_MESSAGE_WITH_WAIT,
} bench_wake_way;

/// The time of one wake in ns, half a round trip; -1 if the kernel lacks what it takes.
double bench_wake(bench_wake_way way, int rounds);

#endif
