// Signals as something to read: blocked in the thread that reads them from a signalfd, and passed on to that thread by
// every other that has not blocked them.
#ifndef NEXUS_SIGNALS_H
#define NEXUS_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/// A set of signals: bit n is signal n, 1 ... 31.
typedef uint32_t nexus_signal_set;

/// Blocks `wanted` in the calling thread and makes a signalfd for them. Returns the descriptor, or -1 with `errno` set.
/// `blocked` is given those of them that were not blocked before.
int nexus_signals_open(nexus_signal_set wanted, nexus_signal_set *_Nonnull blocked);

/// Unblocks signals in the calling thread.
void nexus_signals_unblock(nexus_signal_set signals);

/// Has a signal that comes to a thread that has not blocked it sent to `thread` of this process, and remembers what was
/// to happen before. If it is passed on already only the thread is changed. Returns 0 or an errno. Not to be called by
/// two threads at a time.
int nexus_signals_pass_on(int signal, int32_t thread);

/// Puts back what was to happen before. The same.
void nexus_signals_stop_passing(int signal);

/// The signals that have come, each once, and are so taken. Does not wait.
nexus_signal_set nexus_signals_read(int descriptor);

/// Sends the calling thread a signal.
void nexus_signal_myself(int signal);

#endif
