/* A file of any known format as a stream of records. */
#ifndef PIPELINE_READER_H
#define PIPELINE_READER_H

#include "domain/record.h"
#include "pipeline/format.h"

struct reader; /* freed with reader_close */

/* format NULL finds out by the file's name (.csv, .tsv) and first item. path "-" is standard input.
 * NULL and err when it cannot be read at all. */
struct reader *reader_open(const char *path, const struct format *format, struct error *err);
/* The same over bytes in memory; they are copied. */
struct reader *reader_of(struct slice bytes, const struct format *format, struct error *err);
void reader_close(struct reader *r); /* NULL is fine */

/* The format found; NULL while nothing was read yet and none was named. */
const struct format *reader_format(const struct reader *r);

/* The next record into *to (zero-initialised; record_free in any case). The results are those of
 * source_next; when refused, err->text starts with the field's name and ": " where one is at
 * fault. */
enum source_result reader_next(struct reader *r, struct record *to, struct error *err);

/* About the item just read, borrowed until the next: what people had answered, where it starts, its
 * text, and how many characters had to be repaired in it. */
const struct answers *reader_answers(const struct reader *r);
uint64_t reader_line(const struct reader *r);
struct slice reader_text(const struct reader *r);
size_t reader_repaired(const struct reader *r);

uint64_t reader_done(const struct reader *r); /* bytes */
uint64_t reader_size(const struct reader *r); /* 0 when unknown */

#endif
