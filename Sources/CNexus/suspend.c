// The direct and the switch way of suspending (nexus_suspend.h says what they are), and the proof that the direct
// way can be used on this thread.
#define _GNU_SOURCE
#include "nexus_suspend.h"

#include <link.h>
#include <string.h>

// ---- What the Swift runtime exports, and the layout its calling convention fixes ----

#define SWIFT_CALL __attribute__((swiftcall))
#define SWIFT_ASYNC_CALL __attribute__((swiftasynccall))
#define SWIFT_ASYNC_CONTEXT __attribute__((swift_async_context))

typedef struct AsyncContext AsyncContext;
typedef SWIFT_ASYNC_CALL void (*ResumeFunction)(SWIFT_ASYNC_CONTEXT AsyncContext *);

// The first two words of every async context (Swift ABI, "AsyncContext").
struct AsyncContext {
  AsyncContext *parent;
  ResumeFunction resume_parent;
};

extern SWIFT_CALL void *swift_task_getCurrent(void);
extern SWIFT_CALL void swift_task_cancel(void *task);
extern SWIFT_CALL bool swift_task_isCancelled(void *task);
extern void swift_task_enterThreadLocalContext(char *state);
extern void swift_task_exitThreadLocalContext(char *state);
extern SWIFT_ASYNC_CALL void swift_task_switch(
    SWIFT_ASYNC_CONTEXT AsyncContext *context, ResumeFunction resume, void *identity, void *implementation);
extern void swift_beginAccess(void *pointer, void *buffer, uintptr_t flags, void *pc);
extern void swift_endAccess(void *buffer);

void *nexus_current_task(void) { return swift_task_getCurrent(); }
void nexus_task_cancel(void *task) { swift_task_cancel(task); }
bool nexus_task_is_cancelled(void *task) { return swift_task_isCancelled(task); }

// ---- The direct way ----

// Swift: @_silgen_name("nexus_suspend_direct") nonisolated(nonsending) func (_ slot: UnsafeMutablePointer<...>) async
// A nonisolated(nonsending) function takes its caller's isolation as two leading words; being declared so is what
// saves the hop back to the caller's executor.
SWIFT_ASYNC_CALL void nexus_suspend_direct(
    void *isolation, void *isolation_witness, nexus_suspension *slot, SWIFT_ASYNC_CONTEXT AsyncContext *context) {
  (void)isolation;
  (void)isolation_witness;
  slot->way = NEXUS_WAY_DIRECT;
  slot->context = context;
  // The accesses the task holds over this suspension leave the thread with it. They are set aside here and not by
  // whoever resumes: in between the task can have suspended natively, and a second exit would corrupt the list.
  // With no access open there is nothing to set aside, and the slot's two words stay zero.
  if (*nexus_this_thread.access_head != NULL) {
    swift_task_exitThreadLocalContext((char *)slot->exclusivity);
  }
}

void nexus_resume_direct(nexus_suspension *slot) {
  AsyncContext *context = slot->context;
  slot->context = NULL;
  void **current = nexus_this_thread.current_task;
  void *outer = *current;
  *current = slot->task;
  if (slot->exclusivity[0] != NULL || slot->exclusivity[1] != NULL) {
    swift_task_enterThreadLocalContext((char *)slot->exclusivity);
  }
  // From here the slot may be gone: the task can end, and its slot be reused, before this call returns.
  context->resume_parent(context);
  *current = outer;
}

void *nexus_accesses_set_aside(void) {
  void **head = nexus_this_thread.access_head;
  if (head == NULL) return NULL;
  void *accesses = *head;
  *head = NULL;
  return accesses;
}

void nexus_accesses_put_back(void *accesses) {
  if (accesses != NULL) *nexus_this_thread.access_head = accesses;
}

// ---- The switch way ----

// Swift: as above, with the identity and the implementation word of the executor that stores the job.
SWIFT_ASYNC_CALL void nexus_suspend_switch(
    void *isolation, void *isolation_witness, nexus_suspension *slot, void *identity, void *implementation,
    SWIFT_ASYNC_CONTEXT AsyncContext *context) {
  (void)isolation;
  (void)isolation_witness;
  slot->way = NEXUS_WAY_SWITCH;
  // swift_task_switch enqueues the job on that executor before it returns, on this thread: it finds the slot here.
  nexus_this_thread.parking = slot;
  return swift_task_switch(context, context->resume_parent, identity, implementation);
}

// ---- Residents ----

// A resident runs one spawned closure after the other. It is written here and not in Swift for three reasons: after each call of
// a closure the compiler hops back to the executor it was on, although a nonisolated(nonsending) closure is bound to
// return there, and for a task that prefers an executor each hop looks that preference up under a lock; each await takes a
// context from the task's allocator and gives it back; and so does each suspension. Here a resident's contexts are
// taken once.

typedef struct {
  int32_t offset;
  uint32_t context_size;
} AsyncFunctionPointer;

extern SWIFT_CALL void *swift_task_alloc(size_t size);
extern SWIFT_CALL void swift_task_dealloc(void *memory);

#define SWIFT_CONTEXT __attribute__((swift_context))

typedef SWIFT_ASYNC_CALL void (*Body0)(
    void *result, void *isolation, void *witness, SWIFT_CONTEXT void *self, SWIFT_ASYNC_CONTEXT AsyncContext *);
typedef SWIFT_ASYNC_CALL void (*Body1)(
    void *result, void *isolation, void *witness, void *first, SWIFT_CONTEXT void *self,
    SWIFT_ASYNC_CONTEXT AsyncContext *);
typedef SWIFT_ASYNC_CALL void (*Body2)(
    void *result, void *isolation, void *witness, void *first, void *second, SWIFT_CONTEXT void *self,
    SWIFT_ASYNC_CONTEXT AsyncContext *);

// The context of nexus_reside, which its caller allocates.
typedef struct {
  AsyncContext header;
  // What the slot resumes while the resident is parked.
  AsyncContext parked;
  nexus_suspension *slot;
  void *isolation;
  void *witness;
  nexus_resident_begin *begin;
  nexus_resident_end *end;
  // The context of the closures that it calls: as large as the largest so far, and the task's last allocation between them.
  AsyncContext *callee;
  size_t callee_size;
} Residence;

_Static_assert(sizeof(Residence) == 88, "the size in the record of nexus_reside");

static SWIFT_ASYNC_CALL void reside_no_longer(SWIFT_ASYNC_CONTEXT Residence *residence) {
  if (residence->callee != NULL) swift_task_dealloc(residence->callee);
  return residence->header.resume_parent(&residence->header);
}

// A throwing async function hands its error, or null, to the resume function in the context register.
static SWIFT_ASYNC_CALL void body_returned(SWIFT_ASYNC_CONTEXT AsyncContext *callee, SWIFT_CONTEXT void *error) {
  Residence *residence = (Residence *)callee->parent;
  nexus_suspension *slot = residence->slot;
  slot->resident_step = residence->end(slot, error);
  if (slot->resident_step != NEXUS_RESIDENT_PARKS) return reside_no_longer(residence);
  slot->way = NEXUS_WAY_DIRECT;
  slot->context = &residence->parked;
}

static SWIFT_ASYNC_CALL void run_body(SWIFT_ASYNC_CONTEXT Residence *residence) {
  const nexus_body_call *call = residence->begin(residence->slot);
  if (call == NULL) {
    residence->slot->resident_step = NEXUS_RESIDENT_LEAVES;
    return reside_no_longer(residence);
  }
  const AsyncFunctionPointer *function = call->function;
  const void *code = (const char *)function + function->offset;
  if (function->context_size > residence->callee_size) {
    if (residence->callee != NULL) swift_task_dealloc(residence->callee);
    residence->callee = swift_task_alloc(function->context_size);
    residence->callee_size = function->context_size;
  }
  AsyncContext *callee = residence->callee;
  callee->parent = &residence->header;
  callee->resume_parent = (ResumeFunction)body_returned;
  void *isolation = residence->isolation;
  void *witness = residence->witness;
  char *first = (char *)call + call->arguments[0];
  char *second = (char *)call + call->arguments[1];
  switch (call->argument_count) {
    case 0: return ((Body0)code)(call->result, isolation, witness, call->context, callee);
    case 1: return ((Body1)code)(call->result, isolation, witness, first, call->context, callee);
    default: return ((Body2)code)(call->result, isolation, witness, first, second, call->context, callee);
  }
}

static SWIFT_ASYNC_CALL void resident_resumed(SWIFT_ASYNC_CONTEXT AsyncContext *parked) {
  return run_body((Residence *)parked->parent);
}

// Swift: nonisolated(nonsending) func (_ slot: ..., _ begin: @convention(c) ..., _ end: @convention(c) ...) async
SWIFT_ASYNC_CALL void nexus_reside(
    void *isolation, void *witness, nexus_suspension *slot, nexus_resident_begin *begin, nexus_resident_end *end,
    SWIFT_ASYNC_CONTEXT AsyncContext *context) {
  Residence *residence = (Residence *)context;
  residence->parked = (AsyncContext){.parent = context, .resume_parent = resident_resumed};
  residence->slot = slot;
  residence->isolation = isolation;
  residence->witness = witness;
  residence->begin = begin;
  residence->end = end;
  residence->callee = NULL;
  residence->callee_size = 0;
  if (slot->resident_step != NEXUS_RESIDENT_PARKS) return run_body(residence);
  slot->way = NEXUS_WAY_DIRECT;
  slot->context = &residence->parked;
}

// An executor as the Swift runtime passes it: identity and implementation.
typedef struct {
  uintptr_t identity;
  uintptr_t implementation;
} ExecutorRef;

extern SWIFT_CALL ExecutorRef swift_task_getCurrentExecutor(void);
uintptr_t nexus_current_executor(void) { return swift_task_getCurrentExecutor().identity; }

// ---- The records of the async functions above ----

// An async function is called through a record: a 32-bit offset from the record to the code, then the size in bytes of
// the context the caller allocates for it: two words where nothing is kept in the context beyond what the convention
// puts there.
__asm__(
    ".pushsection .data.rel.ro,\"aw\",%progbits\n"
    ".globl nexus_suspend_directTu\n"
    ".hidden nexus_suspend_directTu\n"
    ".p2align 3\n"
    "nexus_suspend_directTu:\n"
    "  .long nexus_suspend_direct - nexus_suspend_directTu\n"
    "  .long 16\n"
    ".globl nexus_suspend_switchTu\n"
    ".hidden nexus_suspend_switchTu\n"
    ".p2align 3\n"
    "nexus_suspend_switchTu:\n"
    "  .long nexus_suspend_switch - nexus_suspend_switchTu\n"
    "  .long 16\n"
    ".globl nexus_resideTu\n"
    ".hidden nexus_resideTu\n"
    ".p2align 3\n"
    "nexus_resideTu:\n"
    "  .long nexus_reside - nexus_resideTu\n"
    "  .long 88\n"
    ".popsection\n");

// ---- The proof ----

// The word of a library's thread-local block, for this thread, that holds `value`; null when not exactly one does.
typedef struct {
  const char *library;
  void *value;
  void **word;
  size_t matches;
} word_search;

static int search_library(struct dl_phdr_info *info, size_t size, void *argument) {
  word_search *search = argument;
  if (size < offsetof(struct dl_phdr_info, dlpi_tls_data) + sizeof(info->dlpi_tls_data)) return 0;
  if (info->dlpi_tls_data == NULL || info->dlpi_name == NULL) return 0;
  if (strstr(info->dlpi_name, search->library) == NULL) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_TLS) continue;
    void **words = info->dlpi_tls_data;
    size_t count = info->dlpi_phdr[i].p_memsz / sizeof(void *);
    for (size_t w = 0; w < count; w++) {
      if (words[w] != search->value) continue;
      search->word = &words[w];
      search->matches++;
    }
  }
  return 0;
}

static void **find_word(const char *library, void *value) {
  word_search search = {.library = library, .value = value};
  dl_iterate_phdr(search_library, &search);
  return search.matches == 1 ? search.word : NULL;
}

// An access record as swift_beginAccess takes it: the list's links are inside, so that the head, while this access
// is the newest, is its address.
typedef struct {
  void *words[3];
} access_buffer;

#define ACCESS_MODIFY_TRACKED 0x21

const char *nexus_thread_prepare(void) {
  nexus_thread *thread = &nexus_this_thread;

#if !defined(__x86_64__)
  return "the direct way was proved on x86-64 only";
#endif
  if (nexus_built_with_thread_sanitizer()) {
    return "the build is watched by ThreadSanitizer, which follows tasks through the Swift runtime's own switches";
  }

  void *task = swift_task_getCurrent();
  if (task == NULL) return "the look-up must be made inside a running task";
  void **current = find_word("libswift_Concurrency", task);
  if (current == NULL) return "the current-task thread-local of the Concurrency library was not found";
  *current = NULL;
  bool is_current = swift_task_getCurrent() == NULL;
  *current = task;
  if (!is_current || swift_task_getCurrent() != task) {
    return "the word found is not what the Concurrency library reads as the current task";
  }

  static _Thread_local char variable;
  access_buffer buffer;
  memset(&buffer, 0, sizeof buffer);
  swift_beginAccess(&variable, &buffer, ACCESS_MODIFY_TRACKED, NULL);
  void **head = find_word("libswiftCore", &buffer);
  swift_endAccess(&buffer);
  if (head == NULL) return "the list of tracked accesses of the standard library was not found";
  if (*head != NULL) return "a tracked access was open while the look-up was made";

  thread->current_task = current;
  thread->access_head = head;
  return NULL;
}

bool nexus_built_with_thread_sanitizer(void) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  return true;
#endif
#endif
  return false;
}
