// The kernel's part of nexus_cpu.h: sched_yield(2).
#define _GNU_SOURCE
#include "nexus_cpu.h"

#include <sched.h>
#include <stdint.h>
#include <time.h>

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

bool nexus_give_way(void) {
  int64_t before = now();
  sched_yield();
  return now() - before < 50000;
}
