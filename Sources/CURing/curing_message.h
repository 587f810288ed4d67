// What the kernel reads and writes beside the bytes of a socket's operation: addresses and messages. The importer takes
// over neither the casts between the kinds of address nor flexible use of one piece of memory.
#ifndef CURING_MESSAGE_H
#define CURING_MESSAGE_H

#include <netinet/in.h>
#include <sys/socket.h>

/// Room for an IPv4 or an IPv6 address as the kernel has it.
typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} curing_address;

/// Memory of one operation that names an address. It stays where it is until the kernel is done.
typedef struct curing_message {
  struct msghdr header;
  struct iovec bytes;
  curing_address address;
  socklen_t address_length;
  /// The next of the pool's blocks that are free.
  struct curing_message *_Nullable next_free;
  /// The block made before this one.
  struct curing_message *_Nullable made_before;
} curing_message;

/// Makes the header say: these bytes, and `address_length` bytes of the block's own address (0: none).
static inline void curing_message_set(curing_message *_Nonnull message, void *_Nullable start, size_t count) {
  message->bytes.iov_base = start;
  message->bytes.iov_len = count;
  message->header = (struct msghdr){
      .msg_name = message->address_length == 0 ? NULL : &message->address,
      .msg_namelen = message->address_length,
      .msg_iov = &message->bytes,
      .msg_iovlen = 1,
  };
}

#endif
