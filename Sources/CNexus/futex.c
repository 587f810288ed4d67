// The system calls behind nexus_futex.h. Private futexes: waiter and waker are of one process.
#define _GNU_SOURCE
#include "nexus_futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void nexus_futex_wait(const uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

bool nexus_futex_wait_until(const uint32_t *word, uint32_t expected, uint64_t deadline) {
  struct timespec time = {
      .tv_sec = (time_t)(deadline / 1000000000), .tv_nsec = (long)(deadline % 1000000000)};
  // The bitset form takes an absolute time; FUTEX_WAIT's is relative.
  long result = syscall(
      SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected, &time, NULL, FUTEX_BITSET_MATCH_ANY);
  return !(result == -1 && errno == ETIMEDOUT);
}

void nexus_futex_wake(const uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }
