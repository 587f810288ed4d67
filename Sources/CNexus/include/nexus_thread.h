// What this runtime knows about the thread it is on: one thread-local record, read without a call.
#ifndef NEXUS_THREAD_H
#define NEXUS_THREAD_H

#include <stdint.h>

/// One record a thread. All zero on a thread that runs no runtime.
typedef struct nexus_thread {
  /// The state of the runtime alive on this thread, or null. Written by the runtime's creation and end only.
  void *_Nullable loop;
  /// Where the Concurrency library keeps this thread's current task; null unless the look-up proved it.
  void *_Nullable *_Nullable current_task;
  /// Where the standard library keeps the head of this thread's list of tracked accesses; null unless proved.
  void *_Nullable *_Nullable access_head;
  /// The suspension for which a job is about to be enqueued by the portable ways; null otherwise.
  void *_Nullable parking;
  /// The slot in which this thread waits as a plain thread (ThreadWait.swift); null until it first does.
  void *_Nullable waiting_slot;
  /// The state of this thread's generator of random numbers; 0 until it is first used or seeded.
  uint64_t random;
} nexus_thread;

// Initial-exec: the record is reached by one instruction from the thread pointer, also from a shared library
// that was loaded at start-up.
extern _Thread_local nexus_thread nexus_this_thread __attribute__((tls_model("initial-exec")));

static inline nexus_thread *_Nonnull nexus_thread_get(void) { return &nexus_this_thread; }

/// Forgets the runtime of the calling thread, which may have another later.
static inline void nexus_thread_forget_runtime(void) {
  void *slot = nexus_this_thread.waiting_slot;
  nexus_this_thread = (nexus_thread){0};
  nexus_this_thread.waiting_slot = slot;
}

/// The runtime state of the calling thread, or null.
static inline void *_Nullable nexus_thread_loop(void) { return nexus_this_thread.loop; }

/// The table of mailboxes, by index (see Mailbox.swift): entries are stored once, before any token names them.
#define NEXUS_MAILBOX_LIMIT 1024
extern void *_Nullable nexus_mailboxes[NEXUS_MAILBOX_LIMIT];

static inline void *_Nullable nexus_mailboxes_get(uint32_t index) { return nexus_mailboxes[index]; }
static inline void nexus_mailboxes_set(uint32_t index, void *_Nonnull mailbox) { nexus_mailboxes[index] = mailbox; }

/// A new eventfd, closed on exec; -1 with `errno` set if there is none to be had.
int nexus_eventfd(void);

/// A random number below `bound`, from the thread's generator: fair enough to choose where to begin, and nothing more.
/// (xorshift64*: S. Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016.)
static inline uint32_t nexus_random_below(uint32_t bound) {
  uint64_t x = nexus_this_thread.random;
  if (__builtin_expect(x == 0, 0)) { x = (uint64_t)(uintptr_t)&nexus_this_thread * 0x9E3779B97F4A7C15u | 1; }
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  nexus_this_thread.random = x;
  return (uint32_t)(((x * 0x2545F4914F6CDD1Du >> 32) * bound) >> 32);
}

/// Makes the thread's random numbers repeatable.
static inline void nexus_random_seed(uint64_t seed) { nexus_this_thread.random = seed | 1; }

/// The kernel's id of the calling thread.
int32_t nexus_thread_id(void);

#endif
