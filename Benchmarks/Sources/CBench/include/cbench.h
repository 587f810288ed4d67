// The hint that a benchmark's thread is spinning. The measured package has its own; it is not part of its products.
#ifndef CBENCH_H
#define CBENCH_H

#include <sys/eventfd.h>

static inline int bench_eventfd(void) { return eventfd(0, EFD_CLOEXEC); }

static inline void bench_spin_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

#endif
