// What C needs to know of Swift's calling conventions and of the Concurrency library's exported functions (Swift 6.3 ABI).
#ifndef NEXUS_SWIFT_ABI_H
#define NEXUS_SWIFT_ABI_H

#include <stddef.h>
#include <stdint.h>

#define SWIFT_CALL __attribute__((swiftcall))
#define SWIFT_ASYNC_CALL __attribute__((swiftasynccall))
#define SWIFT_ASYNC_CONTEXT __attribute__((swift_async_context))
#define SWIFT_CONTEXT __attribute__((swift_context))

typedef struct AsyncContext AsyncContext;
typedef SWIFT_ASYNC_CALL void (*ResumeFunction)(SWIFT_ASYNC_CONTEXT AsyncContext *);

// The first two words of every async context.
struct AsyncContext {
  AsyncContext *parent;
  ResumeFunction resume_parent;
};

// An async function is called through a record: the offset from the record to the code, and the size in bytes of the context
// that the caller allocates for it.
typedef struct {
  int32_t offset;
  uint32_t context_size;
} AsyncFunctionPointer;

// An executor: identity and implementation.
typedef struct {
  uintptr_t identity;
  uintptr_t implementation;
} ExecutorRef;

extern SWIFT_CALL void *swift_task_alloc(size_t size);
extern SWIFT_CALL void swift_task_dealloc(void *memory);
extern SWIFT_ASYNC_CALL void swift_task_switch(
    SWIFT_ASYNC_CONTEXT AsyncContext *context, ResumeFunction resume, ExecutorRef executor);

#endif
