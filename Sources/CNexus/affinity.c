// The system calls behind nexus_affinity.h.
#define _GNU_SOURCE
#include "nexus_affinity.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

int nexus_cpu_get(nexus_cpu_mask *mask) {
  memset(mask, 0, sizeof *mask);
  return sched_getaffinity(0, sizeof *mask, (cpu_set_t *)mask) == 0 ? 0 : errno;
}

// The set of one core; false if there can be no such core.
static bool only(int cpu, nexus_cpu_mask *mask) {
  if (cpu < 0 || cpu >= NEXUS_CPU_LIMIT) return false;
  memset(mask, 0, sizeof *mask);
  mask->words[cpu / 64] = (uint64_t)1 << (cpu % 64);
  return true;
}

int nexus_cpu_pin(int cpu, nexus_cpu_mask *before) {
  nexus_cpu_mask one;
  if (!only(cpu, &one)) return EINVAL;
  int code = nexus_cpu_get(before);
  if (code != 0) return code;
  return sched_setaffinity(0, sizeof one, (const cpu_set_t *)&one) == 0 ? 0 : errno;
}

void nexus_cpu_unpin(const nexus_cpu_mask *mask) {
  sched_setaffinity(0, sizeof *mask, (const cpu_set_t *)mask);
}

int nexus_cpu_start_thread(unsigned long *thread, int cpu, void *(*run)(void *), void *context) {
  nexus_cpu_mask one;
  if (!only(cpu, &one)) return EINVAL;
  pthread_attr_t attributes;
  int code = pthread_attr_init(&attributes);
  if (code != 0) return code;
  code = pthread_attr_setaffinity_np(&attributes, sizeof one, (const cpu_set_t *)&one);
  if (code == 0) code = pthread_create(thread, &attributes, run, context);
  pthread_attr_destroy(&attributes);
  return code;
}

bool nexus_cpu_is_set(const nexus_cpu_mask *mask, int cpu) {
  return mask->words[cpu / 64] >> (cpu % 64) & 1;
}
