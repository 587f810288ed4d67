// The system calls and the handler behind nexus_signals.h.
#define _GNU_SOURCE
#include "nexus_signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIGNALS 32

// The thread a signal is passed on to; 0 while it is not.
static _Atomic int32_t targets[SIGNALS];
static struct sigaction before[SIGNALS];

static void to_sigset(nexus_signal_set signals, sigset_t *set) {
  sigemptyset(set);
  for (int n = 1; n < SIGNALS; n++) {
    if (signals >> n & 1) sigaddset(set, n);
  }
}

int nexus_signals_open(nexus_signal_set wanted, nexus_signal_set *blocked) {
  sigset_t set, old;
  to_sigset(wanted, &set);
  int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) return -1;
  pthread_sigmask(SIG_BLOCK, &set, &old);
  *blocked = 0;
  for (int n = 1; n < SIGNALS; n++) {
    if ((wanted >> n & 1) && !sigismember(&old, n)) *blocked |= 1u << n;
  }
  return descriptor;
}

void nexus_signals_unblock(nexus_signal_set signals) {
  sigset_t set;
  to_sigset(signals, &set);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

// Calls nothing but what a signal handler may.
static void pass_on(int signal) {
  int error = errno;
  int32_t thread = atomic_load(&targets[signal]);
  // Nobody any more: what was to happen before is in place again, and is to happen now.
  if (thread == 0) {
    kill(getpid(), signal);
  } else {
    syscall(SYS_tgkill, getpid(), thread, signal);
  }
  errno = error;
}

int nexus_signals_pass_on(int signal, int32_t thread) {
  if (atomic_exchange(&targets[signal], thread) != 0) return 0;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = pass_on;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(signal, &action, &before[signal]) == 0) return 0;
  atomic_store(&targets[signal], 0);
  return errno;
}

void nexus_signals_stop_passing(int signal) {
  if (atomic_load(&targets[signal]) == 0) return;
  sigaction(signal, &before[signal], NULL);
  atomic_store(&targets[signal], 0);
}

nexus_signal_set nexus_signals_read(int descriptor) {
  nexus_signal_set come = 0;
  struct signalfd_siginfo record;
  while (read(descriptor, &record, sizeof record) == (ssize_t)sizeof record) come |= 1u << record.ssi_signo;
  return come;
}

void nexus_signal_myself(int signal) { syscall(SYS_tgkill, getpid(), (int)gettid(), signal); }
