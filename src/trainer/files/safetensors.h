/*
 * safetensors: an 8-byte length, a JSON header, the tensors' bytes. Read as hostile input: header
 * at most 100,000,000 bytes, valid UTF-8 and JSON, products checked, tensors contiguous from the
 * first byte to the last without holes or overlap (the rules of the format's own validator).
 */
#ifndef TRAINER_FILES_SAFETENSORS_H
#define TRAINER_FILES_SAFETENSORS_H

#include "base/error.h"
#include "base/map.h"
#include "trainer/files/weights.h"

/* Adds the tensors of one file to set. */
int safetensors_read(const char *path, struct weight_set *set, struct error *err);
/* A model folder: model.safetensors, or the shards that model.safetensors.index.json names. */
int safetensors_read_folder(const char *folder, struct weight_set *set, struct error *err);
/* Only the checks, on bytes in memory; for tests and fuzzing. Tensors point into bytes. */
int safetensors_parse(struct slice bytes, struct weight_set *set, struct error *err);

/* One tensor to write; F32 values. */
struct st_tensor {
    const char *name;
    int dims;
    size_t shape[WEIGHT_DIMS];
    const float *values; /* NULL where a function gives them */
};

/* Writes a file atomically. metadata (may be NULL) is a JSON object of strings, printed. */
int safetensors_write(const char *path, const struct st_tensor *tensors, size_t count,
                      const char *metadata, struct error *err);

/* The same, its values given piece by piece: count values of a tensor (by number) from the first-th on go
 * into out. So that a model need not be in memory twice to be written. */
typedef void st_fill_fn(void *ctx, size_t tensor, size_t first, size_t count, float *out);
int safetensors_write_from(const char *path, const struct st_tensor *tensors, size_t count,
                           const char *metadata, st_fill_fn *fill, void *ctx, struct error *err);

#endif
