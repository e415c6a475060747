/*
 * GGUF v3, read as hostile input: counts, strings and arrays are bounded by what is left of the
 * file, keys are unique, alignment is a power of two up to 65,536, names are under 64 bytes,
 * tensors have 1 to 4 dimensions and lie one after the other with nothing but padding between.
 */
#ifndef TRAINER_FILES_GGUF_H
#define TRAINER_FILES_GGUF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "trainer/files/weights.h"

enum gguf_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_TYPES
};

/* A value, pointing into the file. An array has its elements' type and count. */
struct gguf_value {
    enum gguf_type type, of;
    uint64_t count;
    const unsigned char *data;
};

struct gguf; /* freed with gguf_close; owns its tensors too */

struct gguf *gguf_open(const char *path, struct error *err);
/* The same on bytes in memory, which must outlive the result; for tests and fuzzing. */
struct gguf *gguf_parse(struct slice bytes, struct error *err);
void gguf_close(struct gguf *g); /* NULL is fine */

const struct weight_set *gguf_weights(const struct gguf *g);
const struct gguf_value *gguf_get(const struct gguf *g, const char *key); /* NULL when absent */
/* All keys and values as they stand in the file, one after the other; *count is their number. */
struct slice gguf_pairs(const struct gguf *g, size_t *count);
/* Numbers and strings by key; the fallback when absent or of another kind. */
double gguf_number(const struct gguf *g, const char *key, double fallback);
struct slice gguf_string(const struct gguf *g, const char *key);
/* Element number i (i < count) of an array of numbers. */
double gguf_number_at(const struct gguf_value *array, uint64_t i);
/* Walks an array of strings; zero *offset before the first of count calls. */
struct slice gguf_string_next(const struct gguf_value *array, size_t *offset);

#endif
