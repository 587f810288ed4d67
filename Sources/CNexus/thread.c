// The storage behind nexus_thread.h.
#define _GNU_SOURCE
#include "nexus_thread.h"

#include <sys/eventfd.h>
#include <unistd.h>

_Thread_local nexus_thread nexus_this_thread;
void *nexus_mailboxes[NEXUS_MAILBOX_LIMIT];

int32_t nexus_thread_id(void) { return (int32_t)gettid(); }

int nexus_eventfd(void) { return eventfd(0, EFD_CLOEXEC); }
