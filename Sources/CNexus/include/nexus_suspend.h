// The suspension primitive: how a Swift task stops in our run loop and goes on from it.
//
// An async function may be written in C: clang knows Swift's async calling convention. Such a function is given
// its own async context, whose first two words are the caller's context and the function that resumes the
// caller. To suspend is to remember that context and to return: control is back with whoever ran the task, which
// is our run loop. To resume is to make the task current again and to call the resume function. Nothing is
// allocated, locked or enqueued.
//
// Three ways are offered behind one slot type; `Suspension.swift` chooses between them at start-up:
//   direct        as above. Needs the address of the Concurrency library's "current task" thread-local, which
//                 nexus_thread_prepare() finds and proves.
//   switch        the runtime's exported swift_task_switch towards an executor that only stores the job.
//   continuation  withUnsafeContinuation, all in Swift; nothing here but the slot.
#ifndef NEXUS_SUSPEND_H
#define NEXUS_SUSPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nexus_thread.h"

/// How a suspension's `context` is to be understood.
typedef enum nexus_way : uint8_t {
  NEXUS_WAY_DIRECT = 0,
  NEXUS_WAY_SWITCH = 1,
  NEXUS_WAY_CONTINUATION = 2,
} nexus_way;

/// Where one suspended task waits. Owned by the run loop; at an address that never changes. The first half of a cache line.
typedef struct nexus_suspension {
  /// The Swift task this slot suspends. Not retained: a task that has not finished keeps itself alive.
  void *_Nullable task;
  /// What is needed to go on: the async context (direct), the job (switch) or the continuation.
  /// Null unless the task is suspended here.
  void *_Nullable context;
  /// The run queue's link. At byte 16, where a Swift job keeps the word its scheduler may use
  /// (Job::SchedulerPrivate[0] of the Swift ABI), so that one queue links slots and jobs alike.
  void *_Nullable link;
  /// The slot's place in the slab. Never changes.
  uint32_t index;
  /// Which way `context` was stored.
  nexus_way way;
  /// Whether the task has tracked accesses (exclusivity checking) set aside while it is suspended here.
  bool holds_accesses;
} nexus_suspension;

/// Where those are: two words, so many bytes from the suspension on, in a cache line that a resume seldom touches.
#define NEXUS_ACCESSES_OFFSET 64

_Static_assert(offsetof(nexus_suspension, link) == 16, "a slot's link stands where a job's scheduler word does");

/// Finds and proves, for the calling thread, the thread-locals the direct way needs, and stores their addresses in
/// the thread's record. Must be called from inside a running Swift task.
/// Returns null, or a sentence that says why the direct way can not be used here.
const char *_Nullable nexus_thread_prepare(void);

/// Whether this code was built with a sanitizer that follows tasks through the Swift runtime's own entry points
/// (ThreadSanitizer), which the direct way would bypass.
bool nexus_built_with_thread_sanitizer(void);

/// The task that is running on this thread, or null.
void *_Nullable nexus_current_task(void);

/// The same, one load, on a thread for which nexus_thread_prepare() succeeded.
static inline void *_Nullable nexus_current_task_direct(void) { return *nexus_this_thread.current_task; }

/// Resumes a task that was suspended the direct way, and returns when it suspends again or ends.
/// Must be called by the run loop, from inside a job that runs on the runtime's executor, with no tracked access
/// of its own open.
void nexus_resume_direct(nexus_suspension *_Nonnull slot);

/// Hides the tracked accesses that are open on this thread from the tasks that the loop runs: they are those of the
/// code that called the loop, and must not leave with a task that suspends. Returns what to put back.
/// Nothing to do, and null, where the direct way is not used.
void *_Nullable nexus_accesses_set_aside(void);
void nexus_accesses_put_back(void *_Nullable accesses);

/// The identity of the executor the Swift runtime takes this thread to be on; 0 is none in particular.
uintptr_t nexus_current_executor(void);

/// Marks a task as cancelled, as `Task.cancel()` does: any thread, idempotent.
void nexus_task_cancel(void *_Nonnull task);

/// Whether a task was cancelled.
bool nexus_task_is_cancelled(void *_Nonnull task);

#endif
