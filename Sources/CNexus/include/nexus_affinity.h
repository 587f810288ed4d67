// Which cores a thread may run on: sched_setaffinity(2) for the calling thread.
#ifndef NEXUS_AFFINITY_H
#define NEXUS_AFFINITY_H

#include <stdbool.h>
#include <stdint.h>

#define NEXUS_CPU_LIMIT 4096

/// A set of cores.
typedef struct nexus_cpu_mask {
  uint64_t words[NEXUS_CPU_LIMIT / 64];
} nexus_cpu_mask;

/// Binds the calling thread to `cpu`, and tells what it was bound to before. Returns 0, or an errno: EINVAL if there is
/// no such core, or none this process may use.
int nexus_cpu_pin(int cpu, nexus_cpu_mask *_Nonnull before);

/// Binds the calling thread to the cores of `mask`. What is refused is left as it is.
void nexus_cpu_unpin(const nexus_cpu_mask *_Nonnull mask);

/// The cores the calling thread may run on. Returns 0 or an errno.
int nexus_cpu_get(nexus_cpu_mask *_Nonnull mask);

/// Starts a thread that is bound to `cpu` from its first instruction on. Returns 0 or an errno.
int nexus_cpu_start_thread(
    unsigned long *_Nonnull thread, int cpu, void *_Nullable (*_Nonnull run)(void *_Nullable), void *_Nullable context);

bool nexus_cpu_is_set(const nexus_cpu_mask *_Nonnull mask, int cpu);

#endif
