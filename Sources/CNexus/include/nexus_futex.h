// Parking a plain thread: the futex calls, on one 32-bit word.
#ifndef NEXUS_FUTEX_H
#define NEXUS_FUTEX_H

#include <stdbool.h>
#include <stdint.h>

/// Sleeps while `*word == expected`, until woken. May return early without a reason: look at the word again.
void nexus_futex_wait(const uint32_t *_Nonnull word, uint32_t expected);

/// The same until a time on CLOCK_MONOTONIC, in ns. Returns false when that time has come.
bool nexus_futex_wait_until(const uint32_t *_Nonnull word, uint32_t expected, uint64_t deadline);

/// Wakes one thread that sleeps on `word`. The word's memory is not touched, and may be gone already.
void nexus_futex_wake(const uint32_t *_Nonnull word);

#endif
