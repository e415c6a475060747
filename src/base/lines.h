/* Reads a file or standard input line by line in bounded memory. */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct lines; /* freed with lines_close */

/* path "-" is standard input. max_line bounds one line's bytes; a longer one is passed over and
 * reported by lines_next. NULL and err when the file cannot be opened. */
struct lines *lines_open(const char *path, size_t max_line, struct error *err);
void lines_close(struct lines *l); /* NULL is fine */

enum lines_result { LINES_LINE, LINES_TOO_LONG, LINES_END, LINES_FAILED };

/* The next line without its "\n" or "\r\n"; borrowed until the next call. A UTF-8 byte order mark
 * at the start of the file is dropped. */
enum lines_result lines_next(struct lines *l, struct slice *line, struct error *err);

uint64_t lines_number(const struct lines *l); /* 1 for the first line returned */
uint64_t lines_bytes(const struct lines *l);  /* read so far */
uint64_t lines_size(const struct lines *l);   /* of the whole file; 0 when unknown */

#endif
