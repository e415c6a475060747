/* Writing GGUF v3: a few keys and fp32 tensors, in the order given. */
#ifndef TRAINER_FILES_GGUF_WRITE_H
#define TRAINER_FILES_GGUF_WRITE_H

#include "trainer/files/gguf.h"
#include "trainer/files/safetensors.h"

/* A key's value: a string (GGUF_STRING), or a number as fp32 or u32 (GGUF_F32, GGUF_U32). */
struct gguf_pair {
    const char *key;
    enum gguf_type type;
    const char *text;
    double number;
};

/* Writes a file atomically; shapes are outermost first, as everywhere here. A name of 64 bytes or more is
 * refused: readers do not take it. */
int gguf_write(const char *path, const struct gguf_pair *pairs, size_t pair_count,
               const struct st_tensor *tensors, size_t count, struct error *err);

/* The same with all keys of another file, of which general.file_type alone is changed: to fp32. The tensors' values are
 * asked of fill, one whole tensor at a time. */
int gguf_write_like(const char *path, const struct gguf *like, const struct st_tensor *tensors, size_t count,
                    st_fill_fn *fill, void *ctx, struct error *err);

#endif
