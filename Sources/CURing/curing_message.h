// What an operation that names an address keeps for the kernel beside its bytes.
#ifndef CURING_MESSAGE_H
#define CURING_MESSAGE_H

#include <liburing.h>
#include <sys/socket.h>

/// Memory of one operation that names an address. It stays where it is until the kernel is done.
typedef struct curing_message {
  struct msghdr header;
  struct iovec bytes;
  struct sockaddr_storage address;
  /// Bytes of the address that count; where the kernel is to write it, the room for it.
  socklen_t address_length;
  /// The next of the pool's blocks that are free.
  struct curing_message *_Nullable next_free;
  /// The block made before this one.
  struct curing_message *_Nullable made_before;
} curing_message;

/// Makes the header say: these bytes, and the block's own address.
static inline void curing_message_set(curing_message *_Nonnull message, void *_Nullable start, size_t count) {
  message->bytes.iov_base = start;
  message->bytes.iov_len = count;
  message->header = (struct msghdr){
      .msg_name = &message->address,
      .msg_namelen = message->address_length,
      .msg_iov = &message->bytes,
      .msg_iovlen = 1,
  };
}

/// Accepts a connection, whose address the kernel writes into the block.
static inline void curing_prep_accept(
    struct io_uring_sqe *_Nonnull sqe, int descriptor, curing_message *_Nonnull message, int flags) {
  io_uring_prep_accept(sqe, descriptor, (struct sockaddr *)&message->address, &message->address_length, flags);
}

/// Connects to the block's address.
static inline void curing_prep_connect(
    struct io_uring_sqe *_Nonnull sqe, int descriptor, const curing_message *_Nonnull message) {
  io_uring_prep_connect(sqe, descriptor, (const struct sockaddr *)&message->address, message->address_length);
}

static inline void curing_prep_receive_message(
    struct io_uring_sqe *_Nonnull sqe, int descriptor, curing_message *_Nonnull message, int flags) {
  io_uring_prep_recvmsg(sqe, descriptor, &message->header, flags);
}

static inline void curing_prep_send_message(
    struct io_uring_sqe *_Nonnull sqe, int descriptor, const curing_message *_Nonnull message, int flags) {
  io_uring_prep_sendmsg(sqe, descriptor, &message->header, flags);
}

#endif
