// Where the frames of a task lie: the Swift runtime gives each task a first chunk of about 1,000 bytes from malloc, which is
// most of what a parked task takes. A resident's can lie in memory of ours instead: smaller, and in huge pages.
//
// An `async let` child is given its first chunk by its parent, and the runtime marks it as one that it must not free. A task
// whose chunk was moved is left in exactly that state. The layout is the Swift runtime's own affair: the words are found at
// start-up in a running task and in a child of it, and where anything is not as expected no chunk is ever moved.
#ifndef NEXUS_TASK_FRAMES_H
#define NEXUS_TASK_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What the allocator of a task's frames looks like. All zero: it was not recognised.
typedef struct nexus_frames_layout {
  /// The index of its first of three words in the task: the last allocation, the first chunk, how many were made.
  size_t word;
  /// Its third word: twice the chunks it has made, and one more if the first was given to it.
  uint32_t made;
  /// How many chunks there are.
  uint32_t chunks;
  /// The first chunk's capacity in bytes.
  uint32_t capacity;
  /// The first word of every chunk.
  uintptr_t metadata;
} nexus_frames_layout;

/// Looks at the task that runs on this thread.
nexus_frames_layout nexus_frames_of_current_task(void);

/// Settles, once for the process, whether chunks can be moved: from what was seen in a task and in its `async let` child.
/// Any thread. Returns whether they can.
bool nexus_frames_settle(nexus_frames_layout task, nexus_frames_layout child);

/// Whether nexus_frames_settle() was called, with whatever result.
bool nexus_frames_are_settled(void);

/// Whether chunks can be moved.
bool nexus_frames_can_move(void);

/// Moves the first chunk of a task that has not run yet into `memory` (16-aligned, `size` bytes), which must stay until the
/// task is gone. Returns false, and changes nothing, if that can not be done.
bool nexus_frames_move(void *_Nonnull task, void *_Nonnull memory, size_t size);

#endif
