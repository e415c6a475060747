/*
 * Groups of changes: what lies between two kept words of the exact diff. Private to hinge*.c.
 */
#ifndef TEXT_HINGE_HUNKS_H
#define TEXT_HINGE_HUNKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "text/diff.h"
#include "text/hinge_text.h"

struct hinge_hunk {
    uint32_t a_from, a_to; /* words of y0; equal where nothing was taken away */
    uint32_t b_from, b_to; /* words of y*; equal where nothing was put in */
    size_t at;             /* byte of y0 where the hunk begins */
};

struct hinge_hunks {
    struct hinge_hunk *items;
    size_t count;
};

/* Groups the changes, and writes to each word of both texts its hunk and whether it only moved. */
void hinge_hunks_read(struct hinge_hunks *out, const struct diff *exact, struct hinge_text *y0,
                      struct hinge_text *y_star, struct arena *arena);

#endif
