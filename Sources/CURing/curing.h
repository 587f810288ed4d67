// liburing as this system has it, and what Swift's importer can not see of it. No policy: that is the reactor's.
#ifndef CURING_H
#define CURING_H

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// ---- Constants the importer does not take over (enumerators, shifts of enumerators, casts) ----

static const uint32_t curing_setup_clamp = IORING_SETUP_CLAMP;
static const uint32_t curing_setup_submit_all = IORING_SETUP_SUBMIT_ALL;
static const uint32_t curing_setup_coop_taskrun = IORING_SETUP_COOP_TASKRUN;
static const uint32_t curing_setup_taskrun_flag = IORING_SETUP_TASKRUN_FLAG;
static const uint32_t curing_setup_single_issuer = IORING_SETUP_SINGLE_ISSUER;
static const uint32_t curing_setup_defer_taskrun = IORING_SETUP_DEFER_TASKRUN;

static const uint32_t curing_feature_ext_arg = IORING_FEAT_EXT_ARG;
static const uint32_t curing_feature_nodrop = IORING_FEAT_NODROP;

static const uint32_t curing_fsync_datasync = IORING_FSYNC_DATASYNC;

/// `O_DIRECT`, another number on each architecture, which the C library shows under that name only to who asks for GNU's names.
static const int curing_open_direct = __O_DIRECT;

/// The position of a file's own offset: read and write there, and move it on.
static const uint64_t curing_offset_current = (uint64_t)-1;

// ---- Functions that are macros, or inline in ways the importer does not follow ----

/// Whether an enter is due although nothing is to be submitted: completions wait for it (deferred task running), or did
/// not fit into the completion ring.
static inline bool curing_enter_is_due(const struct io_uring *_Nonnull ring) {
  return IO_URING_READ_ONCE(*ring->sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

/// Entries of the submission ring that were prepared and that the kernel has not taken yet: those too that were submitted when it
/// could not take them.
static inline uint32_t curing_unsubmitted(const struct io_uring *_Nonnull ring) { return io_uring_sq_ready(ring); }

/// The oldest completion that was not consumed; null if there is none. Makes no system call.
static inline struct io_uring_cqe *_Nullable curing_next_completion(struct io_uring *_Nonnull ring) {
  uint32_t head = *ring->cq.khead;
  // Pairs with the kernel's store-release of the tail: what the entry says is visible once the tail is.
  if (head == io_uring_smp_load_acquire(ring->cq.ktail)) return NULL;
  return &ring->cq.cqes[head & *ring->cq.kring_mask];
}

/// Gives the oldest completion's entry back to the kernel.
static inline void curing_consume(struct io_uring *_Nonnull ring) {
  io_uring_smp_store_release(ring->cq.khead, *ring->cq.khead + 1);
}

/// A zeroed submission entry, or null if the submission ring is full.
static inline struct io_uring_sqe *_Nullable curing_get_sqe(struct io_uring *_Nonnull ring) {
  return io_uring_get_sqe(ring);
}

static inline void curing_set_user_data(struct io_uring_sqe *_Nonnull sqe, uint64_t data) { sqe->user_data = data; }

/// Whether the kernel's ring offers an operation.
static inline bool curing_offers(const struct io_uring_probe *_Nonnull probe, int operation) {
  return io_uring_opcode_supported(probe, operation);
}

// ---- Preparation with fixed argument types: liburing changed some of them between versions ----

static inline void curing_prep_openat(struct io_uring_sqe *_Nonnull sqe, const char *_Nonnull path, int flags, uint32_t mode) {
  io_uring_prep_openat(sqe, AT_FDCWD, path, flags, mode);
}

static inline void curing_prep_close(struct io_uring_sqe *_Nonnull sqe, int descriptor) {
  io_uring_prep_close(sqe, descriptor);
}

static inline void curing_prep_read(
    struct io_uring_sqe *_Nonnull sqe, int descriptor, void *_Nullable buffer, uint32_t count, uint64_t offset) {
  io_uring_prep_read(sqe, descriptor, buffer, count, offset);
}

static inline void curing_prep_write(
    struct io_uring_sqe *_Nonnull sqe, int descriptor, const void *_Nullable buffer, uint32_t count, uint64_t offset) {
  io_uring_prep_write(sqe, descriptor, buffer, count, offset);
}

static inline void curing_prep_fsync(struct io_uring_sqe *_Nonnull sqe, int descriptor, uint32_t flags) {
  io_uring_prep_fsync(sqe, descriptor, flags);
}

static inline void curing_prep_receive(
    struct io_uring_sqe *_Nonnull sqe, int descriptor, void *_Nullable buffer, size_t count, int flags) {
  io_uring_prep_recv(sqe, descriptor, buffer, count, flags);
}

static inline void curing_prep_send(
    struct io_uring_sqe *_Nonnull sqe, int descriptor, const void *_Nullable buffer, size_t count, int flags) {
  io_uring_prep_send(sqe, descriptor, buffer, count, flags);
}

/// Completes once when the descriptor has something to read.
static inline void curing_prep_poll_readable(struct io_uring_sqe *_Nonnull sqe, int descriptor) {
  io_uring_prep_poll_add(sqe, descriptor, POLLIN);
}

/// Cancels the operation in flight with this user data.
static inline void curing_prep_cancel(struct io_uring_sqe *_Nonnull sqe, uint64_t user_data) {
  io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, sqe, -1, NULL, 0, 0);
  sqe->addr = user_data;
}

#endif
