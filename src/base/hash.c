#include "base/hash.h"

#include <nettle/sha2.h>
#include <string.h>

#include "base/mem.h"

struct sha256 {
    struct sha256_ctx ctx;
};

/* FNV-1a over eight bytes at a time, with a final mix: fast enough for interning words, and the
 * tables that use it grow by load, not by trust in the hash. */
uint64_t hash64(struct slice bytes)
{
    uint64_t h = 0xcbf29ce484222325u ^ bytes.len;
    size_t i = 0;
    for (; i + 8 <= bytes.len; i += 8) {
        uint64_t word;
        memcpy(&word, bytes.at + i, 8);
        h = (h ^ word) * 0x9E3779B97F4A7C15u;
        h ^= h >> 32;
    }
    for (; i < bytes.len; i++)
        h = (h ^ (unsigned char)bytes.at[i]) * 0x100000001b3u;
    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9u;
    return h ^ (h >> 32);
}

struct sha256 *sha256_begin(void)
{
    struct sha256 *h = mem_alloc(sizeof *h);
    sha256_init(&h->ctx);
    return h;
}

void sha256_add(struct sha256 *h, struct slice bytes)
{
    sha256_update(&h->ctx, bytes.len, (const uint8_t *)bytes.at);
}

void sha256_end(struct sha256 *h, char out[SHA256_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    if (out) {
        uint8_t raw[SHA256_DIGEST_SIZE];
        sha256_digest(&h->ctx, sizeof raw, raw);
        for (size_t i = 0; i < sizeof raw; i++) {
            out[2 * i] = digits[raw[i] >> 4];
            out[2 * i + 1] = digits[raw[i] & 15];
        }
        out[SHA256_HEX] = '\0';
    }
    mem_free(h);
}

void sha256_hex(struct slice bytes, char out[SHA256_HEX + 1])
{
    struct sha256 *h = sha256_begin();
    sha256_add(h, bytes);
    sha256_end(h, out);
}
