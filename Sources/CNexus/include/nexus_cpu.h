// What the processor offers below the language: the hint that a thread is spinning.
#ifndef NEXUS_CPU_H
#define NEXUS_CPU_H

/// Tells the processor that this thread spins on a value another thread will change (x86 `pause`, arm64 `isb`):
/// it saves power and leaves the loop without the penalty of a mis-speculated load.
static inline void nexus_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#else
  __asm__ volatile("" ::: "memory");
#endif
}

#endif
