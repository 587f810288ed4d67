// Parking a plain thread: the two futex calls, on one 32-bit word.
#ifndef NEXUS_FUTEX_H
#define NEXUS_FUTEX_H

#include <stdint.h>

/// Sleeps while `*word == expected`, until woken. May return early without a reason: look at the word again.
void nexus_futex_wait(const uint32_t *_Nonnull word, uint32_t expected);

/// Wakes one thread that sleeps on `word`. The word's memory is not touched, and may be gone already.
void nexus_futex_wake(const uint32_t *_Nonnull word);

#endif
