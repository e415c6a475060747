/* A file or standard input seen through a window of bytes that is moved forward: what is behind is
 * forgotten, so that memory is bounded by the longest item, not by the file. */
#ifndef PIPELINE_WINDOW_H
#define PIPELINE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct window; /* freed with window_close */

/* path "-" is standard input; NULL and err when it cannot be opened. */
struct window *window_open(const char *path, struct error *err);
/* The same over bytes in memory, which are borrowed. */
struct window *window_of(struct slice bytes);
void window_close(struct window *w); /* NULL is fine */

/* The bytes read and not yet skipped; borrowed until the next window_more. */
struct slice window_rest(const struct window *w);
/* Reads more behind them: a chunk, or as much again as there is. False at the end of the file and
 * when reading failed (then err is set). */
bool window_more(struct window *w, struct error *err);
/* Forgets len bytes of the rest. */
void window_skip(struct window *w, size_t len);

uint64_t window_line(const struct window *w);  /* number of the line the rest starts in, from 1 */
uint64_t window_bytes(const struct window *w); /* skipped so far */
uint64_t window_size(const struct window *w);  /* of the whole file; 0 when unknown */

#endif
