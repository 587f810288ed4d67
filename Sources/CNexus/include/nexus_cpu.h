// What the processor offers below the language: the hint that a thread is spinning, the core for another thread, the fence.
#ifndef NEXUS_CPU_H
#define NEXUS_CPU_H

#include <stdbool.h>

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

/// Has the processor begin to load `lines` cache lines from `address` on. Never faults, whatever the address.
static inline void nexus_prefetch(const void *_Nullable address, int lines) {
  for (int i = 0; i < lines; i++) { __builtin_prefetch((const char *)address + 64 * i, 1); }
}

/// Lets another thread run on this core, if one wants to.
///
/// @return Whether this thread was back within 50 us: parking and being woken cost less than that.
bool nexus_give_way(void);

/// Orders every earlier load and store of this thread before every later one, a store before a load included: what two
/// threads need that each write a word and then read the other's.
static inline void nexus_full_fence(void) {
#if defined(__x86_64__)
  // A locked operation on a line this thread owns: the same order as mfence, for about half its cost.
  __asm__ volatile("lock; orl $0, -8(%%rsp)" ::: "memory", "cc");
#else
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

#endif
