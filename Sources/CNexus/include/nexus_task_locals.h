// What can be seen in a Swift task's own words: whether it has task-local values, and whether it was cancelled. Both decide
// whether a pooled task may run a body.
#ifndef NEXUS_TASK_LOCALS_H
#define NEXUS_TASK_LOCALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The words of a task object that are looked at: less than any task's size.
#define NEXUS_TASK_WORDS 38

/// Copies the first words of the task that runs on this thread; false if none runs.
bool nexus_task_copy_words(uintptr_t words[_Nonnull NEXUS_TASK_WORDS]);

/// The index of the word that was zero in `before`, and in `during` points to an item whose second word is `key`; 0 if
/// not exactly one does. `during` was copied from the running task.
size_t nexus_task_find_locals(
    const uintptr_t before[_Nonnull NEXUS_TASK_WORDS], const uintptr_t during[_Nonnull NEXUS_TASK_WORDS],
    uintptr_t key);

/// A bit of a task.
typedef struct nexus_task_bit {
  size_t word;
  uintptr_t mask;
} nexus_task_bit;

/// The one bit that was set in between; its mask is 0 if there is not exactly one.
nexus_task_bit nexus_task_find_bit(
    const uintptr_t before[_Nonnull NEXUS_TASK_WORDS], const uintptr_t after[_Nonnull NEXUS_TASK_WORDS]);

/// One word of a task.
static inline uintptr_t nexus_task_word(const void *_Nonnull task, size_t index) {
  return ((const uintptr_t *)task)[index];
}

#endif
