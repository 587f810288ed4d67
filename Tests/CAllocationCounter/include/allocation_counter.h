// Counts the calls of malloc and its relatives that the calling thread makes.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// Allocations this thread has made since it began.
uint64_t allocation_count(void);

/// Bytes of the process that are allocated and not freed, in all arenas. Counts nothing where allocations are not counted.
uint64_t allocated_bytes(void);

/// Whether allocations are counted: not in a build with a sanitizer, which brings an allocator of its own.
bool allocation_count_is_available(void);

#endif
