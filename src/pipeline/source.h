/*
 * A file as a stream of items, each one JSON value: the lines of JSONL, the elements of one array
 * (however large: Label Studio exports a single one), the rows of CSV (as objects of texts, by the
 * names in the header row). Memory is bounded by the longest item.
 */
#ifndef PIPELINE_SOURCE_H
#define PIPELINE_SOURCE_H

#include <stdint.h>

#include "base/error.h"
#include "pipeline/window.h"

enum { SOURCE_ITEM_MAX = 16 << 20 }; /* bytes of one item */

enum source_kind { SOURCE_GUESS, SOURCE_JSON, SOURCE_LINES, SOURCE_ARRAY, SOURCE_CSV };

struct source; /* freed with source_close */

/* Takes over w, whatever the result. GUESS looks at the first byte: "[" an array, "{" lines, and
 * anything else CSV; JSON is not CSV in any case. NULL and err: reading failed, or the bytes are
 * in an encoding not read here. */
struct source *source_open(struct window *w, enum source_kind kind, struct error *err);
void source_close(struct source *s); /* NULL is fine */
enum source_kind source_kind(const struct source *s);

enum source_result {
    SOURCE_ITEM,
    SOURCE_REFUSED, /* this one is not usable, and err says why; go on */
    SOURCE_END,
    SOURCE_FAILED /* nothing after this point can be read */
};

struct source_item {
    struct slice text; /* borrowed until the next call; what there is of it when refused */
    uint64_t line;     /* where it starts, from 1 */
};

enum source_result source_next(struct source *s, struct source_item *item, struct error *err);

/* How far it is, in bytes, and the size of all; 0 when unknown. */
uint64_t source_done(const struct source *s);
uint64_t source_size(const struct source *s);

#endif
