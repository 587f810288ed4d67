// The direct and the switch way of suspending (nexus_suspend.h says what they are), and the proof that the direct
// way can be used on this thread.
#define _GNU_SOURCE
#include "nexus_suspend.h"

#include <link.h>
#include <string.h>

#include "swift_abi.h"

// ---- What the Swift runtime exports ----

extern SWIFT_CALL void *swift_task_getCurrent(void);
extern SWIFT_CALL void swift_task_cancel(void *task);
extern SWIFT_CALL bool swift_task_isCancelled(void *task);
extern void swift_task_enterThreadLocalContext(char *state);
extern void swift_task_exitThreadLocalContext(char *state);
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
  slot->holds_accesses = *nexus_this_thread.access_head != NULL;
  if (slot->holds_accesses) swift_task_exitThreadLocalContext((char *)slot + NEXUS_ACCESSES_OFFSET);
}

void nexus_resume_direct(nexus_suspension *slot) {
  AsyncContext *context = slot->context;
  slot->context = NULL;
  void **current = nexus_this_thread.current_task;
  void *outer = *current;
  *current = slot->task;
  if (slot->holds_accesses) swift_task_enterThreadLocalContext((char *)slot + NEXUS_ACCESSES_OFFSET);
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
    void *isolation, void *isolation_witness, nexus_suspension *slot, uintptr_t identity, uintptr_t implementation,
    SWIFT_ASYNC_CONTEXT AsyncContext *context) {
  (void)isolation;
  (void)isolation_witness;
  slot->way = NEXUS_WAY_SWITCH;
  // swift_task_switch enqueues the job on that executor before it returns, on this thread: it finds the slot here.
  nexus_this_thread.parking = slot;
  return swift_task_switch(context, context->resume_parent, (ExecutorRef){identity, implementation});
}

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
