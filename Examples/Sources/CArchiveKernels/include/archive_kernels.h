// Two byte kernels that a FIX archive runs over every byte it moves.
//
//   nx_byte_sum   the FIX checksum (tag 10): the sum of all bytes, modulo 256
//   nx_crc32c     CRC32C (Castagnoli, RFC 3720 appendix B.4): the check word of a record on disk
//
// Messages of about 100 bytes dominate, so the fixed cost counts for more than the throughput: the
// sum is inline and needs no more than SSE2, the CRC is one call through a pointer that is chosen
// once, when the program is loaded (SSE4.2, ARMv8 CRC, or a table).
#ifndef ARCHIVE_KERNELS_H
#define ARCHIVE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the archive format is little-endian and is written as the machine has it"
#endif

/// The sum of `count` bytes, modulo 256. O(count).
static inline uint8_t nx_byte_sum(const void *bytes, size_t count) {
  const uint8_t *p = (const uint8_t *)bytes;
#if defined(__SSE2__)
  // psadbw against zero adds eight bytes into each half of a register, without overflow.
  static const uint8_t keep_last[32] = {
      0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  if (count >= 16) {
    const __m128i zero = _mm_setzero_si128();
    __m128i first = zero, second = zero;
    size_t rest = count;
    while (rest >= 32) {
      first = _mm_add_epi64(first, _mm_sad_epu8(_mm_loadu_si128((const __m128i *)p), zero));
      second = _mm_add_epi64(second, _mm_sad_epu8(_mm_loadu_si128((const __m128i *)(p + 16)), zero));
      p += 32;
      rest -= 32;
    }
    if (rest >= 16) {
      first = _mm_add_epi64(first, _mm_sad_epu8(_mm_loadu_si128((const __m128i *)p), zero));
      p += 16;
      rest -= 16;
    }
    // The last 16 bytes overlap what is summed already: the mask keeps only the `rest` new ones.
    const __m128i last = _mm_loadu_si128((const __m128i *)(p + rest - 16));
    const __m128i mask = _mm_loadu_si128((const __m128i *)(keep_last + rest));
    second = _mm_add_epi64(second, _mm_sad_epu8(_mm_and_si128(last, mask), zero));
    const __m128i sum = _mm_add_epi64(first, second);
    return (uint8_t)(_mm_cvtsi128_si32(sum) + _mm_cvtsi128_si32(_mm_unpackhi_epi64(sum, sum)));
  }
#endif
  uint32_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += p[i];
  return (uint8_t)sum;
}

/// CRC32C of `count` bytes, continuing from `crc` (0 to begin; "123456789" gives 0xE3069283). O(count).
uint32_t nx_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The same by table, on any processor: what a processor without the instruction gets.
uint32_t nx_crc32c_table(uint32_t crc, const void *bytes, size_t count);

/// Whether `nx_crc32c` uses the processor's CRC instruction.
int nx_crc32c_is_hardware(void);

/// The check word of an archive record: CRC32C, continuing from `segment_crc`, over the little-endian
/// `offset` (8 bytes), `word` (4) and `time` (8) and then the payload. One call, nothing is copied.
uint32_t nx_record_crc32c(uint32_t segment_crc, uint64_t offset, uint32_t word, uint64_t time,
                          const void *payload, size_t count);

#endif
