// Moves the first chunk of a task's frames (nexus_task_frames.h says why and on what ground).
#include "nexus_task_frames.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "nexus_suspend.h"
#include "nexus_task_locals.h"

#define SWIFT_CALL __attribute__((swiftcall))
extern SWIFT_CALL void *swift_task_alloc(size_t size);
extern SWIFT_CALL void swift_task_dealloc(void *memory);

// What stands before each allocation.
typedef struct Allocation {
  struct Allocation *previous;
  struct Chunk *chunk;
} Allocation;

// What stands at the start of each chunk.
typedef struct Chunk {
  uintptr_t metadata;
  struct Chunk *next;
  uint32_t capacity;
  // The bytes in use after this header.
  uint32_t used;
  uintptr_t padding;
} Chunk;

// The allocator's third word: twice the chunks it has made, and whether the first was given to it.
enum { MADE_ONE = 2, WAS_GIVEN = 1 };

static atomic_int state;  // 0 not settled, 1 no, 2 yes
static nexus_frames_layout layout;

nexus_frames_layout nexus_frames_of_current_task(void) {
  nexus_frames_layout found = {0};
  const uintptr_t *words = nexus_current_task();
  if (words == NULL) return found;
  enum { SIZE = 48, MOST_CHUNKS = 8 };
  char *memory = swift_task_alloc(SIZE);
  Allocation *last = (Allocation *)memory - 1;
  size_t matches = 0;
  for (size_t i = 2; i + 2 < NEXUS_TASK_WORDS; i++) {
    if (words[i] != (uintptr_t)last || words[i + 1] == 0 || words[i + 1] % sizeof(uintptr_t) != 0) continue;
    // The allocation must be the last thing in the last of the chunks.
    const Chunk *first = (const Chunk *)words[i + 1];
    const Chunk *chunk = first;
    uint32_t chunks = 1;
    while (chunk != last->chunk && chunk->next != NULL && chunks < MOST_CHUNKS) {
      chunk = chunk->next;
      chunks++;
    }
    if (chunk != last->chunk || chunk->metadata != first->metadata || chunk->used > chunk->capacity) continue;
    if ((char *)(chunk + 1) + chunk->used != memory + SIZE || chunk->next != NULL) continue;
    matches++;
    found = (nexus_frames_layout){
        .word = i,
        .made = (uint32_t)words[i + 2],
        .chunks = chunks,
        .capacity = first->capacity,
        .metadata = first->metadata};
  }
  swift_task_dealloc(memory);
  return matches == 1 ? found : (nexus_frames_layout){0};
}

bool nexus_frames_settle(nexus_frames_layout task, nexus_frames_layout child) {
  bool is_known = task.word != 0 && task.word == child.word && task.metadata != 0 && task.metadata == child.metadata &&
                  task.made == MADE_ONE * task.chunks &&
                  child.made == (MADE_ONE * (child.chunks - 1) | WAS_GIVEN);
  static atomic_flag has_settled = ATOMIC_FLAG_INIT;
  if (!atomic_flag_test_and_set(&has_settled)) {
    if (is_known) layout = task;
    // Release: pairs with the acquire of whoever reads the layout.
    atomic_store_explicit(&state, is_known ? 2 : 1, memory_order_release);
  }
  return nexus_frames_can_move();
}

bool nexus_frames_are_settled(void) { return atomic_load_explicit(&state, memory_order_acquire) != 0; }
bool nexus_frames_can_move(void) { return atomic_load_explicit(&state, memory_order_acquire) == 2; }

// Words that point into what moved point to where it is now.
static void rebase(uintptr_t *words, size_t count, uintptr_t from, size_t size, uintptr_t to) {
  for (size_t i = 0; i < count; i++) {
    if (words[i] - from < size) words[i] += to - from;
  }
}

bool nexus_frames_move(void *task, void *memory, size_t size) {
  if (!nexus_frames_can_move()) return false;
  uintptr_t *words = task;
  uintptr_t *allocator = words + layout.word;
  Chunk *old = (Chunk *)allocator[1];
  if (old == NULL || (uint32_t)allocator[2] != MADE_ONE) return false;
  if (old->metadata != layout.metadata || old->next != NULL || old->capacity != layout.capacity) return false;
  size_t moved = sizeof(Chunk) + old->used;
  if (moved > size) return false;
  memcpy(memory, old, moved);
  Chunk *chunk = memory;
  chunk->capacity = (uint32_t)(size - sizeof(Chunk));
  rebase((uintptr_t *)(chunk + 1), chunk->used / sizeof(uintptr_t), (uintptr_t)old, moved, (uintptr_t)memory);
  rebase(words + 2, NEXUS_TASK_WORDS - 2, (uintptr_t)old, moved, (uintptr_t)memory);
  allocator[2] = (allocator[2] & ~(uintptr_t)UINT32_MAX) | WAS_GIVEN;
  free(old);
  return true;
}
