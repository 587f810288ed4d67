// Whether a Swift task has task-local values: what decides if a spawned task may run in a pooled one.
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

/// One word of a task.
static inline uintptr_t nexus_task_word(const void *_Nonnull task, size_t index) {
  return ((const uintptr_t *)task)[index];
}

#endif
