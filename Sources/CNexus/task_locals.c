// Finds where a task keeps the list of its task-local values. The layout is the Swift runtime's own affair, so nothing is
// assumed: the word is found by binding a value and seeing which word begins to point to an item with that value's key.
#define _GNU_SOURCE
#include "nexus_task_locals.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "nexus_suspend.h"

bool nexus_task_copy_words(uintptr_t words[NEXUS_TASK_WORDS]) {
  const void *task = nexus_current_task();
  if (task == NULL) return false;
  memcpy(words, task, NEXUS_TASK_WORDS * sizeof(uintptr_t));
  return true;
}

size_t nexus_task_find_locals(
    const uintptr_t before[NEXUS_TASK_WORDS], const uintptr_t during[NEXUS_TASK_WORDS], uintptr_t key) {
  size_t found = 0;
  size_t matches = 0;
  for (size_t i = 2; i < NEXUS_TASK_WORDS; i++) {
    if (before[i] != 0 || during[i] == 0 || during[i] % sizeof(uintptr_t) != 0) continue;
    // What changed need not be a pointer: the kernel reads it for us, and refuses where a load would crash.
    uintptr_t item[2] = {0, 0};
    struct iovec local = {item, sizeof item};
    struct iovec remote = {(void *)during[i], sizeof item};
    if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != (ssize_t)sizeof item) continue;
    if (item[1] != key) continue;
    found = i;
    matches++;
  }
  return matches == 1 ? found : 0;
}

nexus_task_bit nexus_task_find_bit(
    const uintptr_t before[NEXUS_TASK_WORDS], const uintptr_t after[NEXUS_TASK_WORDS]) {
  nexus_task_bit bit = {0, 0};
  for (size_t i = 2; i < NEXUS_TASK_WORDS; i++) {
    uintptr_t changed = before[i] ^ after[i];
    if (changed == 0) continue;
    bool is_first = bit.mask == 0;
    bit = (nexus_task_bit){i, changed};
    if (!is_first || (before[i] & changed) != 0 || (changed & (changed - 1)) != 0) return (nexus_task_bit){0, 0};
  }
  return bit;
}
