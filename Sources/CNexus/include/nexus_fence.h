// Fences whose cost lies on the side that can afford it: a light one for the many who publish, a heavy one for the few
// who are about to sleep.
#ifndef NEXUS_FENCE_H
#define NEXUS_FENCE_H

#include "nexus_cpu.h"

#include <stdbool.h>

/// Whether the kernel makes the heavy fence for us (membarrier, Linux 4.14). Set once, before `main`.
extern bool nexus_fences_are_asymmetric;

/// Orders an earlier store before a later load of this thread, as far as a thread that makes a heavy fence in between can
/// tell. Costs nothing but the compiler's freedom to reorder where the kernel has membarrier; a full fence elsewhere.
static inline void nexus_light_fence(void) {
  if (__builtin_expect(nexus_fences_are_asymmetric, 1)) {
    __asm__ volatile("" ::: "memory");
  } else {
    nexus_full_fence();
  }
}

/// A full fence on this thread, and on every other thread of the process that runs at this moment: of a thread's store and
/// later load with a light fence between them, either the store is visible now or the load comes after this.
/// A system call: 0.3 us, and up to 10 us while other threads run, which the kernel interrupts.
void nexus_heavy_fence(void);

#endif
