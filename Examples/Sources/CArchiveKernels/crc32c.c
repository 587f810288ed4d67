// CRC32C (RFC 3720 appendix B.4: polynomial 0x1EDC6F41, reflected, inverted at both ends).
//
// Which implementation runs is decided once, before main, from what the processor says it has. Long
// buffers are cut in three lanes that hide the instruction's latency (3 cycles at one per cycle); the
// lanes are put together by advancing a CRC over zero bytes, a linear map kept as four tables.
#include "archive_kernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define NX_CRC_TARGET __attribute__((target("sse4.2")))
#define NX_CRC_U64(crc, value) ((uint32_t)_mm_crc32_u64((crc), (value)))
#define NX_CRC_U32(crc, value) _mm_crc32_u32((crc), (value))
#define NX_CRC_U8(crc, value) _mm_crc32_u8((crc), (value))
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#define NX_CRC_TARGET __attribute__((target("crc")))
#define NX_CRC_U64(crc, value) __crc32cd((crc), (value))
#define NX_CRC_U32(crc, value) __crc32cw((crc), (value))
#define NX_CRC_U8(crc, value) __crc32cb((crc), (value))
#endif

enum { NX_LANE = 1024 };               // bytes per lane of one three-lane round

static uint32_t table[8][256];         // table[k][b]: byte b followed by k zero bytes
static uint32_t advance_lane[4][256];  // a CRC state advanced over NX_LANE zero bytes, byte by byte

static uint64_t load64(const uint8_t *p) {
  uint64_t value;
  memcpy(&value, p, sizeof value);
  return value;
}

static uint32_t advance(uint32_t state) {
  return advance_lane[0][state & 0xff] ^ advance_lane[1][(state >> 8) & 0xff] ^
         advance_lane[2][(state >> 16) & 0xff] ^ advance_lane[3][state >> 24];
}

// The states below are inverted CRCs, as the instruction has them.
static uint32_t table_state(uint32_t state, const uint8_t *p, size_t count) {
  for (; count >= 8; p += 8, count -= 8) {
    const uint64_t x = load64(p) ^ state;
    state = table[7][x & 0xff] ^ table[6][(x >> 8) & 0xff] ^ table[5][(x >> 16) & 0xff] ^
            table[4][(x >> 24) & 0xff] ^ table[3][(x >> 32) & 0xff] ^ table[2][(x >> 40) & 0xff] ^
            table[1][(x >> 48) & 0xff] ^ table[0][x >> 56];
  }
  for (; count > 0; p++, count--) state = table[0][(state ^ *p) & 0xff] ^ (state >> 8);
  return state;
}

static uint32_t table_record(uint32_t state, uint64_t offset, uint32_t word, uint64_t time,
                             const uint8_t *p, size_t count) {
  uint8_t fixed[20];
  memcpy(fixed, &offset, 8);
  memcpy(fixed + 8, &word, 4);
  memcpy(fixed + 12, &time, 8);
  return table_state(table_state(state, fixed, sizeof fixed), p, count);
}

#if defined(NX_CRC_TARGET)
NX_CRC_TARGET static uint32_t hardware_state(uint32_t state, const uint8_t *p, size_t count) {
  for (; count >= 3 * NX_LANE; p += 3 * NX_LANE, count -= 3 * NX_LANE) {
    uint32_t second = 0, third = 0;
    for (size_t i = 0; i < NX_LANE; i += 8) {
      state = NX_CRC_U64(state, load64(p + i));
      second = NX_CRC_U64(second, load64(p + NX_LANE + i));
      third = NX_CRC_U64(third, load64(p + 2 * NX_LANE + i));
    }
    state = advance(advance(state) ^ second) ^ third;
  }
  for (; count >= 8; p += 8, count -= 8) state = NX_CRC_U64(state, load64(p));
  if (count >= 4) {
    state = NX_CRC_U32(state, (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                                  (uint32_t)p[3] << 24);
    p += 4;
    count -= 4;
  }
  for (; count > 0; p++, count--) state = NX_CRC_U8(state, *p);
  return state;
}

NX_CRC_TARGET static uint32_t hardware_record(uint32_t state, uint64_t offset, uint32_t word,
                                              uint64_t time, const uint8_t *p, size_t count) {
  state = NX_CRC_U64(state, offset);
  state = NX_CRC_U32(state, word);
  state = NX_CRC_U64(state, time);
  return hardware_state(state, p, count);
}
#endif

static uint32_t (*state_function)(uint32_t, const uint8_t *, size_t) = table_state;
static uint32_t (*record_function)(uint32_t, uint64_t, uint32_t, uint64_t, const uint8_t *,
                                   size_t) = table_record;
static int is_hardware;

__attribute__((constructor)) static void choose_implementation(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t state = byte;
    for (int bit = 0; bit < 8; bit++) state = (state >> 1) ^ (state & 1 ? 0x82F63B78u : 0);
    table[0][byte] = state;
  }
  for (int zeros = 1; zeros < 8; zeros++)
    for (int byte = 0; byte < 256; byte++) {
      const uint32_t before = table[zeros - 1][byte];
      table[zeros][byte] = table[0][before & 0xff] ^ (before >> 8);
    }
  // The map is linear: advance the 32 single bits, then combine them for every byte value.
  static const uint8_t zero_lane[NX_LANE];
  uint32_t of_bit[32];
  for (int bit = 0; bit < 32; bit++) of_bit[bit] = table_state(1u << bit, zero_lane, NX_LANE);
  for (int byte = 0; byte < 4; byte++)
    for (int value = 0; value < 256; value++)
      for (int bit = 0; bit < 8; bit++)
        if (value >> bit & 1) advance_lane[byte][value] ^= of_bit[8 * byte + bit];

#if defined(__x86_64__)
  __builtin_cpu_init();
  is_hardware = __builtin_cpu_supports("sse4.2") != 0;
#elif defined(__aarch64__)
  is_hardware = (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#endif
#if defined(NX_CRC_TARGET)
  if (is_hardware) {
    state_function = hardware_state;
    record_function = hardware_record;
  }
#endif
}

uint32_t nx_crc32c(uint32_t crc, const void *bytes, size_t count) {
  return ~state_function(~crc, bytes, count);
}

uint32_t nx_crc32c_table(uint32_t crc, const void *bytes, size_t count) {
  return ~table_state(~crc, bytes, count);
}

int nx_crc32c_is_hardware(void) { return is_hardware; }

uint32_t nx_record_crc32c(uint32_t segment_crc, uint64_t offset, uint32_t word, uint64_t time,
                          const void *payload, size_t count) {
  return ~record_function(~segment_crc, offset, word, time, payload, count);
}
