/*
 * What both kinds of attention keep of a batch's mask: its segments, their queries in blocks, the rows where what sees a
 * key may change, and lists made of them on the device. They are made once for the segments of a batch: every layer asks
 * with the same.
 */
#ifndef TRAINER_BACKEND_CUDA_BLOCKS_H
#define TRAINER_BACKEND_CUDA_BLOCKS_H

#include "trainer/backend/cuda_parts.h"

enum { CUDA_LISTS = 4 };

struct cuda_blocks {
    struct segment *segments;
    struct cuda_queries *queries; /* those that meet most keys first: those that begin last should be short */
    int *cuts;                    /* ascending; a row may come several times */
    size_t segment_count, segment_cap, query_count, query_cap, cut_count, cut_cap;
    const void *lists[CUDA_LISTS]; /* on the device, for the ops at hand: in device, or where a body staged them */
    char *device;
    size_t device_bytes;
    unsigned turn; /* of that body (struct cuda); 0: they are in device */
    bool sent;     /* device has them */
};

struct cuda_list {
    const void *items;
    size_t bytes;
};

/* Whether blocks are those of a's segments. */
bool cuda_blocks_are(const struct cuda_blocks *b, const struct attention *a);
/* Makes them for a's segments, queries of at most so many rows. */
void cuda_blocks_make(struct cuda_blocks *b, const struct attention *a, int rows);
/* Brings count lists to the device where they are not; a failure is noted. */
void cuda_blocks_place(struct cuda *c, struct cuda_blocks *b, const struct cuda_list *lists, int count);
void cuda_blocks_free(struct cuda *c, struct cuda_blocks *b);

#endif
