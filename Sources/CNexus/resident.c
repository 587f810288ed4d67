// Residents of the direct way (nexus_resident.h says what they are).
#include "nexus_resident.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "nexus_task_locals.h"
#include "swift_abi.h"

typedef SWIFT_ASYNC_CALL void (*Body0)(
    void *result, uintptr_t isolation, uintptr_t witness, SWIFT_CONTEXT void *self, SWIFT_ASYNC_CONTEXT AsyncContext *);
typedef SWIFT_ASYNC_CALL void (*Body1)(
    void *result, uintptr_t isolation, uintptr_t witness, void *first, SWIFT_CONTEXT void *self,
    SWIFT_ASYNC_CONTEXT AsyncContext *);
typedef SWIFT_ASYNC_CALL void (*Body2)(
    void *result, uintptr_t isolation, uintptr_t witness, void *first, void *second, SWIFT_CONTEXT void *self,
    SWIFT_ASYNC_CONTEXT AsyncContext *);

// A resident's context: that of its task's outermost function, which lies behind the task.
typedef struct {
  // Resumes what completes the task.
  AsyncContext header;
  // What the slot resumes while the resident is suspended.
  AsyncContext suspended;
  nexus_suspension *slot;
  const nexus_residents *home;
  // The context of the closures that it calls: as large as the largest so far, and the task's last allocation between them.
  AsyncContext *callee;
  size_t callee_size;
} Resident;

_Static_assert(sizeof(Resident) == 64, "the size in the records of the entries");

// The head of a chunk of a task's frames. The first stands behind the resident's context.
typedef struct Chunk {
  uintptr_t metadata;
  struct Chunk *next;
  uint32_t capacity;
  uint32_t used;
  uintptr_t padding;
} Chunk;

// Gives the chunks behind the first back, which were taken when that was full: nobody else does for such a task, as they go when
// a task is freed. Only while nothing is in them.
static void free_chunks(Chunk *first) {
  Chunk *chunk = first->next;
  first->next = NULL;
  while (chunk != NULL) {
    Chunk *next = chunk->next;
    free(chunk);
    chunk = next;
  }
}

// ---- Its life ----

static void suspend(Resident *resident, ResumeFunction resume) {
  resident->suspended.resume_parent = resume;
  resident->slot->way = NEXUS_WAY_DIRECT;
  resident->slot->holds_accesses = false;
  resident->slot->context = &resident->suspended;
}

static SWIFT_ASYNC_CALL void run_body(SWIFT_ASYNC_CONTEXT Resident *resident);

static SWIFT_ASYNC_CALL void parked(SWIFT_ASYNC_CONTEXT AsyncContext *suspended) {
  return run_body((Resident *)suspended->parent);
}

static SWIFT_ASYNC_CALL void go_on(nexus_resident_step step, SWIFT_ASYNC_CONTEXT Resident *resident);

static SWIFT_ASYNC_CALL void waited(SWIFT_ASYNC_CONTEXT AsyncContext *suspended) {
  Resident *resident = (Resident *)suspended->parent;
  return go_on(resident->home->settle(resident->slot), resident);
}

static SWIFT_ASYNC_CALL void came_home(SWIFT_ASYNC_CONTEXT AsyncContext *context) {
  Resident *resident = (Resident *)context;
  return go_on(resident->home->settle(resident->slot), resident);
}

// Not a tail call at the end: the memory is in use until the task is complete.
static SWIFT_ASYNC_CALL void leave(SWIFT_ASYNC_CONTEXT Resident *resident) {
  const nexus_residents *home = resident->home;
  nexus_suspension *slot = resident->slot;
  if (resident->callee != NULL) swift_task_dealloc(resident->callee);
  // All that the task has now is its preference of an executor, which was the first thing in the first chunk.
  free_chunks((Chunk *)(resident + 1));
  resident->header.resume_parent(&resident->header);
  home->left(slot);
}

static SWIFT_ASYNC_CALL void go_on(nexus_resident_step step, SWIFT_ASYNC_CONTEXT Resident *resident) {
  switch (step) {
    case NEXUS_RESIDENT_PARKS: return suspend(resident, parked);
    case NEXUS_RESIDENT_WAITS: return suspend(resident, waited);
    case NEXUS_RESIDENT_LEAVES: return leave(resident);
    case NEXUS_RESIDENT_COMES_HOME: break;
  }
  nexus_executor home = resident->home->serial_executor;
  return swift_task_switch(&resident->header, came_home, (ExecutorRef){home.identity, home.implementation});
}

// A throwing async function hands its error, or null, to the resume function in the context register.
static SWIFT_ASYNC_CALL void body_returned(SWIFT_ASYNC_CONTEXT AsyncContext *callee, SWIFT_CONTEXT void *error) {
  Resident *resident = (Resident *)callee->parent;
  return go_on(resident->home->end(resident->slot, error), resident);
}

static SWIFT_ASYNC_CALL void run_body(SWIFT_ASYNC_CONTEXT Resident *resident) {
  const nexus_body_call *call = resident->home->begin(resident->slot);
  if (call == NULL) return leave(resident);
  const AsyncFunctionPointer *function = call->function;
  const void *code = (const char *)function + function->offset;
  if (function->context_size > resident->callee_size) {
    if (resident->callee != NULL) swift_task_dealloc(resident->callee);
    resident->callee = swift_task_alloc(function->context_size);
    resident->callee_size = function->context_size;
  }
  AsyncContext *callee = resident->callee;
  callee->parent = &resident->header;
  callee->resume_parent = (ResumeFunction)body_returned;
  uintptr_t isolation = resident->home->isolation[0];
  uintptr_t witness = resident->home->isolation[1];
  void *result = (char *)call + call->result;
  char *first = (char *)call + call->arguments[0];
  char *second = (char *)call + call->arguments[1];
  switch (call->argument_count) {
    case 0: return ((Body0)code)(result, isolation, witness, call->context, callee);
    case 1: return ((Body1)code)(result, isolation, witness, first, call->context, callee);
    default: return ((Body2)code)(result, isolation, witness, first, second, call->context, callee);
  }
}

// ---- Its beginning ----

// The two entries of its task: nexus_resident_make() has filled its context before.
SWIFT_ASYNC_CALL void nexus_resident_enter(SWIFT_ASYNC_CONTEXT Resident *resident) { return run_body(resident); }
SWIFT_ASYNC_CALL void nexus_resident_enter_parked(SWIFT_ASYNC_CONTEXT Resident *resident) {
  return suspend(resident, parked);
}

__asm__(
    ".pushsection .data.rel.ro,\"aw\",%progbits\n"
    ".p2align 3\n"
    ".hidden nexus_resident_enterTu\n"
    ".globl nexus_resident_enterTu\n"
    "nexus_resident_enterTu:\n"
    "  .long nexus_resident_enter - nexus_resident_enterTu\n"
    "  .long 64\n"
    ".hidden nexus_resident_enter_parkedTu\n"
    ".globl nexus_resident_enter_parkedTu\n"
    "nexus_resident_enter_parkedTu:\n"
    "  .long nexus_resident_enter_parked - nexus_resident_enter_parkedTu\n"
    "  .long 64\n"
    ".popsection\n");

extern const AsyncFunctionPointer nexus_resident_enterTu __attribute__((visibility("hidden")));
extern const AsyncFunctionPointer nexus_resident_enter_parkedTu __attribute__((visibility("hidden")));

// Options of swift_task_create: a list of records, each with its kind first.
enum { KIND_TASK_EXECUTOR = 5, KIND_IN_PLACE = 255 };

typedef struct Option {
  size_t kind;
  struct Option *next;
} Option;

typedef struct {
  Option option;
  ExecutorRef executor;
} TaskExecutorOption;

typedef struct {
  Option option;
  void *memory;
  size_t size;
} InPlaceOption;

typedef struct {
  void *task;
  AsyncContext *context;
} TaskAndContext;

extern SWIFT_CALL TaskAndContext swift_task_create(
    size_t flags, Option *options, const void *result_type, const AsyncFunctionPointer *entry, void *closure_context);

// No flags: a detached task, not enqueued. No type of result: nobody awaits it. No closure: nothing is released at its end.
static TaskAndContext make(nexus_executor executor, void *memory, size_t size, bool parks) {
  TaskExecutorOption preference = {{KIND_TASK_EXECUTOR, NULL}, {executor.identity, executor.implementation}};
  InPlaceOption place = {{KIND_IN_PLACE, &preference.option}, memory, size};
  return swift_task_create(
      0, &place.option, NULL, parks ? &nexus_resident_enter_parkedTu : &nexus_resident_enterTu, NULL);
}

void *nexus_resident_make(
    const nexus_residents *residents, nexus_suspension *slot, void *memory, size_t size, bool parks) {
  TaskAndContext made = make(residents->task_executor, memory, size, parks);
  Resident *resident = (Resident *)made.context;
  // Its first two words are the runtime's.
  resident->suspended = (AsyncContext){.parent = &resident->header};
  resident->slot = slot;
  resident->home = residents;
  resident->callee = NULL;
  resident->callee_size = 0;
  return made.task;
}

// ---- The proof ----

// Whether the Swift runtime takes a chunk from malloc when the task's first is full, and links it where free_chunks() looks.
static bool adds_chunks(void *task, Chunk *first) {
  if (first->next != NULL) return false;
  size_t more = first->capacity;
  void **current = nexus_this_thread.current_task;
  void *outer = *current;
  *current = task;
  char *frame = swift_task_alloc(more);
  Chunk *second = first->next;
  bool is_there = second != NULL && frame > (char *)second && second->next == NULL && second->capacity >= more &&
                  malloc_usable_size(second) >= sizeof(Chunk) + second->capacity &&
                  frame + more <= (char *)(second + 1) + second->capacity;
  swift_task_dealloc(frame);
  *current = outer;
  return is_there;
}

// What the task, its context and the head of its first chunk of frames take in front of the frames; 0 if the task is not laid out
// as was asked for.
static size_t find_overhead(void) {
  enum { SIZE = 2048 };
  char *memory = aligned_alloc(64, SIZE);
  if (memory == NULL) return 0;
  // No executor: the task never runs.
  TaskAndContext made = make((nexus_executor){0}, memory, SIZE, false);
  size_t context = (size_t)((char *)made.context - memory);
  size_t overhead = context + sizeof(Resident) + sizeof(Chunk);
  if (made.task != memory || overhead >= SIZE) return 0;
  // The task's allocator must have the rest as its first chunk.
  Chunk *chunk = (Chunk *)(memory + overhead) - 1;
  const uintptr_t *words = made.task;
  bool has_chunk = false;
  for (size_t i = 2; i < NEXUS_TASK_WORDS; i++) has_chunk |= words[i] == (uintptr_t)chunk;
  if (!has_chunk || overhead + chunk->capacity != SIZE || !adds_chunks(made.task, chunk)) return 0;
  free_chunks(chunk);
  free(memory);
  return overhead;
}

bool nexus_residents_fit(size_t size) {
  // One more than what was found; 0 before. Two threads may find it at once, and find the same.
  static atomic_size_t overhead;
  size_t found = atomic_load_explicit(&overhead, memory_order_relaxed);
  if (found == 0) {
    found = find_overhead() + 1;
    atomic_store_explicit(&overhead, found, memory_order_relaxed);
  }
  // So much is to be left for frames at least.
  enum { LEAST_FRAMES = 256 };
  return found > 1 && found - 1 + LEAST_FRAMES <= size;
}
