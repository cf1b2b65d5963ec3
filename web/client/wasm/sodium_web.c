// What a browser has in the place of libsodium's own start, memory and randomness (core.c, utils.c and randombytes.c of
// its sources are not compiled): no pages to protect, and random numbers from crypto.getRandomValues.
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "private/implementations.h"

// Fills `size` bytes; given by the loader (loader.js).
__attribute__((import_module("env"), import_name("obscura_random"))) void obscura_random(void* to, size_t size);

int sodium_init(void) {
  static int ready;
  if (ready) return 1;
  _crypto_pwhash_argon2_pick_best_implementation();
  _crypto_generichash_blake2b_pick_best_implementation();
  _crypto_onetimeauth_poly1305_pick_best_implementation();
  _crypto_stream_chacha20_pick_best_implementation();
  ready = 1;
  return 0;
}

int sodium_runtime_has_sse2(void) { return 0; }
int sodium_runtime_has_ssse3(void) { return 0; }
int sodium_runtime_has_sse41(void) { return 0; }
int sodium_runtime_has_avx2(void) { return 0; }
int sodium_runtime_has_avx512f(void) { return 0; }

void sodium_misuse(void) { abort(); }

void sodium_memzero(void* const to, const size_t size) {
  if (size == 0) return;
  memset(to, 0, size);
  __asm__ __volatile__("" : : "r"(to) : "memory");
}

int sodium_memcmp(const void* const a, const void* const b, size_t size) {
  const volatile unsigned char *x = (const volatile unsigned char*)a, *y = (const volatile unsigned char*)b;
  unsigned char differ = 0;
  for (size_t i = 0; i < size; ++i) differ |= x[i] ^ y[i];
  return (1 & ((differ - 1) >> 8)) - 1;
}

// A block knows its size, so that it is wiped when it is freed.
enum { kHead = 64 };

void* sodium_malloc(const size_t size) {
  if (size > SIZE_MAX - 2 * kHead) return NULL;
  unsigned char* const block = aligned_alloc(kHead, (size + kHead + kHead - 1) / kHead * kHead);
  if (block == NULL) return NULL;
  memcpy(block, &size, sizeof(size));
  return block + kHead;
}

void sodium_free(void* data) {
  if (data == NULL) return;
  unsigned char* const block = (unsigned char*)data - kHead;
  size_t size;
  memcpy(&size, block, sizeof(size));
  sodium_memzero(block, size + kHead);
  free(block);
}

void randombytes_buf(void* const to, const size_t size) {
  if (size > 0) obscura_random(to, size);
}
