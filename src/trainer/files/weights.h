/*
 * Named tensors in mapped files, whatever the format. The readers (safetensors.h, gguf.h) fill a
 * set after they have checked that every tensor lies inside its file with the size its shape and
 * type ask for; who reads a set needs no further check of bounds.
 */
#ifndef TRAINER_FILES_WEIGHTS_H
#define TRAINER_FILES_WEIGHTS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "trainer/files/mapped.h"
#include "trainer/tensor/dtype.h"

enum { WEIGHT_DIMS = 4 };

struct weight {
    const char *name;
    enum dtype dtype;
    int dims;
    size_t shape[WEIGHT_DIMS]; /* outermost first, as in PyTorch, for GGUF too */
    size_t count;              /* product of the shape */
    const unsigned char *data;
};

/* Zero-initialise before use. */
struct weight_set {
    struct weight *items;
    size_t count, cap;
    struct map *index; /* name to number */
    struct mapped *files;
    size_t files_count, files_cap;
    struct arena names;
};

void weights_free(struct weight_set *set); /* back to {0} */
/* NULL when there is none of that name. */
const struct weight *weights_find(const struct weight_set *set, const char *name);
/* The tensor of that name, which must have the shape {rows, cols} ({cols} when rows is 0); NULL and err. */
const struct weight *weights_want(const struct weight_set *set, const char *name, size_t rows, size_t cols,
                                  struct error *err);
/* It was read: its pages of the file need not stay in memory. */
void weights_done(const struct weight_set *set, const struct weight *w);
/* The tensor as fp32 into out[rows * cols]; another shape than {rows, cols} ({cols} when rows is
 * 0) is refused by name. */
int weights_read(const struct weight_set *set, const char *name, size_t rows, size_t cols,
                 float *out, struct error *err);

/* For readers: copies w with its name into the set; a name already there is ERR_INPUT. */
int weights_add(struct weight_set *set, const struct weight *w, struct error *err);
/* For readers: product of shape into w->count; false when it does not fit. */
bool weight_measure(struct weight *w);

#endif
