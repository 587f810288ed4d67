#include "recorder_system.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>

int recorder_open_signals(void) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  const int refused = pthread_sigmask(SIG_BLOCK, &signals, 0);
  if (refused != 0) {
    errno = refused;
    return -1;
  }
  return signalfd(-1, &signals, SFD_CLOEXEC);
}
