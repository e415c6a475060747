/* Two hashes: hash64 for tables in memory (never stored), SHA-256 for names of content. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

uint64_t hash64(struct slice bytes);

enum { SHA256_HEX = 64 };

/* Streaming SHA-256; the caller frees with sha256_end, which may be called with out NULL. */
struct sha256 *sha256_begin(void);
void sha256_add(struct sha256 *h, struct slice bytes);
void sha256_end(struct sha256 *h, char out[SHA256_HEX + 1]); /* lower-case hex and a NUL */

/* One-shot form. */
void sha256_hex(struct slice bytes, char out[SHA256_HEX + 1]);

#endif
