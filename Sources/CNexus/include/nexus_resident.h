// Residents of the direct way: the Swift tasks that run one spawned closure after the other, each in memory of the slab's.
//
// They are written here and not in Swift, for three reasons. After each call of a closure the compiler hops back to the executor it
// was on, although a nonisolated(nonsending) closure is bound to return there, and for a task that prefers an executor each hop
// looks that preference up under a lock. Each await takes a context from the task's allocator and gives it back, where a
// resident's own is taken once. And the Swift runtime takes a task and its first chunk of frames from malloc, about 1,360 bytes
// in two pieces, where it can be given one piece to lay both out in.
//
// The runtime offers the latter to its own swift_task_run_inline, as an option of swift_task_create. A task so made is in no
// other way unusual, except that nobody frees it, and what it has beyond that piece. That this is so is found out once, by making
// one that never runs: an option the runtime does not know, it passes over.
#ifndef NEXUS_RESIDENT_H
#define NEXUS_RESIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nexus_suspend.h"

/// What a resident does next.
typedef enum nexus_resident_step : uint32_t {
  /// Parks, until its slot is resumed: it has another body then, or is to leave.
  NEXUS_RESIDENT_PARKS = 0,
  /// Ends its task.
  NEXUS_RESIDENT_LEAVES = 1,
  /// Suspends in its slot, then asks what to do.
  NEXUS_RESIDENT_WAITS = 2,
  /// Goes to the runtime's executor, then asks what to do.
  NEXUS_RESIDENT_COMES_HOME = 3,
} nexus_resident_step;

/// A call of a spawned closure: `nonisolated(nonsending) (consuming A, consuming B) async throws -> Result`, with no, one or
/// two arguments, at its most general abstraction (everything indirect).
typedef struct nexus_body_call {
  /// The closure's two words: its async function pointer record, and its context. First, so that the call's place is the closure's.
  const void *_Nullable function;
  void *_Nullable context;
  /// Where the closure puts its result, in bytes from this call on.
  uint32_t result;
  /// Where its arguments are, likewise; the closure consumes them.
  uint32_t arguments[2];
  uint32_t argument_count;
} nexus_body_call;

/// An executor as the Swift runtime passes it.
typedef struct nexus_executor {
  uintptr_t identity;
  uintptr_t implementation;
} nexus_executor;

/// What the residents of one runtime have in common.
typedef struct nexus_residents {
  /// The actor that isolates them: its address, and its witness table for `Actor`.
  uintptr_t isolation[2];
  nexus_executor serial_executor;
  nexus_executor task_executor;
  /// When a resident goes on: gives the call of the body in its slot, or null if it has none and is to leave.
  const nexus_body_call *_Nullable (*_Nonnull begin)(nexus_suspension *_Nonnull slot);
  /// When a body has ended, with its error or null.
  nexus_resident_step (*_Nonnull end)(nexus_suspension *_Nonnull slot, void *_Nullable error);
  /// After a wait, or back home: what now?
  nexus_resident_step (*_Nonnull settle)(nexus_suspension *_Nonnull slot);
  /// The task is complete, and its memory may be used again.
  void (*_Nonnull left)(nexus_suspension *_Nonnull slot);
} nexus_residents;

/// Whether residents can be made in `size` bytes: found out by the first call in the process. On a thread for which
/// nexus_thread_prepare() succeeded.
bool nexus_residents_fit(size_t size);

/// Makes a resident in `memory` (16-aligned, `size` bytes), which must stay until `left`. `residents` must stay as long.
/// With `parks` it parks first; else it begins with the body in its slot. It inherits nothing. Returns the task: a job, which is to
/// be run on the serial executor.
/// Only if nexus_residents_fit(size).
void *_Nonnull nexus_resident_make(
    const nexus_residents *_Nonnull residents, nexus_suspension *_Nonnull slot, void *_Nonnull memory, size_t size,
    bool parks);

#endif
