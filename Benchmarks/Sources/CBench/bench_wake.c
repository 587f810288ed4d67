#define _GNU_SOURCE
#include "bench_wake.h"

#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

typedef struct side {
  struct io_uring ring;
  int event;
  _Atomic int ready;
} side;

typedef struct game {
  bench_wake_way way;
  int rounds;
  side sides[2];
  _Atomic int failed;
  double took;
} game;

typedef struct player {
  game *game;
  int me;
} player;

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

enum { WOKEN = 1, SENT = 2 };

static void wake(game *game, side *me, side *other) {
  if (game->way == BENCH_WAKE_EVENTFD) {
    uint64_t one = 1;
    if (write(other->event, &one, 8) != 8) game->failed = 1;
    return;
  }
  struct io_uring_sqe *entry = io_uring_get_sqe(&me->ring);
  io_uring_prep_msg_ring(entry, other->ring.ring_fd, 0, WOKEN, 0);
  entry->user_data = SENT;
  if (game->way == BENCH_WAKE_MESSAGE) io_uring_submit(&me->ring);
}

static void sleep_until_woken(game *game, side *me) {
  uint64_t value;
  if (game->way == BENCH_WAKE_EVENTFD) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&me->ring);
    io_uring_prep_read(entry, me->event, &value, 8, 0);
    entry->user_data = WOKEN;
  }
  for (;;) {
    struct io_uring_cqe *completion;
    int code = io_uring_submit_and_wait_timeout(&me->ring, &completion, 1, NULL, NULL);
    if (code < 0 || game->failed) {
      game->failed = 1;
      return;
    }
    bool woken = false;
    while (io_uring_peek_cqe(&me->ring, &completion) == 0) {
      if (completion->res < 0) game->failed = 1;
      if (completion->user_data == WOKEN) woken = true;
      io_uring_cqe_seen(&me->ring, completion);
    }
    if (woken || game->failed) return;
  }
}

static void *play(void *argument) {
  player *player = argument;
  game *game = player->game;
  side *me = &game->sides[player->me], *other = &game->sides[1 - player->me];
  if (io_uring_queue_init(64, &me->ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN) != 0) {
    game->failed = 1;
    me->ready = 1;
    return NULL;
  }
  me->ready = 1;
  while (!other->ready) usleep(10);
  if (player->me == 0) {
    uint64_t start = 0;
    for (int round = 0; round <= game->rounds && !game->failed; round++) {
      if (round == 1) start = now();
      wake(game, me, other);
      sleep_until_woken(game, me);
    }
    game->took = (double)(now() - start) / (2.0 * game->rounds);
  } else {
    for (int round = 0; round <= game->rounds && !game->failed; round++) {
      sleep_until_woken(game, me);
      wake(game, me, other);
    }
    io_uring_submit(&me->ring);
  }
  return NULL;
}

double bench_wake(bench_wake_way way, int rounds) {
  game game = {.way = way, .rounds = rounds};
  player players[2] = {{&game, 0}, {&game, 1}};
  for (int n = 0; n < 2; n++) game.sides[n].event = eventfd(0, EFD_CLOEXEC);
  pthread_t other;
  pthread_create(&other, NULL, play, &players[1]);
  pthread_t first;
  pthread_create(&first, NULL, play, &players[0]);
  pthread_join(first, NULL);
  pthread_join(other, NULL);
  for (int n = 0; n < 2; n++) {
    close(game.sides[n].event);
    if (game.sides[n].ring.ring_fd > 0) io_uring_queue_exit(&game.sides[n].ring);
  }
  return game.failed ? -1 : game.took;
}
