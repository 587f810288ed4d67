// What the recorder needs of the system and Swift's Glibc module does not show.
#ifndef RECORDER_SYSTEM_H
#define RECORDER_SYSTEM_H

/// Blocks SIGINT and SIGTERM in the calling thread, and so in those it starts from now on, and returns a descriptor
/// from which they are read (128 bytes each), or -1 with errno.
int recorder_open_signals(void);

#endif
