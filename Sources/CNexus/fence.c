// The kernel's part of nexus_fence.h: membarrier(2), "private expedited".
#define _GNU_SOURCE
#include "nexus_fence.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

bool nexus_fences_are_asymmetric = false;

// Before any thread but the first exists: nobody ever sees the flag change. A sandbox may refuse the call, and then every
// light fence is a full one.
__attribute__((constructor)) static void choose_fences(void) {
  nexus_fences_are_asymmetric =
      syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void nexus_heavy_fence(void) {
  nexus_full_fence();
  if (nexus_fences_are_asymmetric) { syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0); }
}
