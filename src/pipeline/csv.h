/* One row of comma-separated values at a time, by RFC 4180: quoted fields may hold separators,
 * doubled quotes and line ends. */
#ifndef PIPELINE_CSV_H
#define PIPELINE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Fields of one row, decoded; zero-initialise, reuse, free with csv_row_free. */
struct csv_row {
    struct str text;       /* all fields, one after the other */
    size_t *ends;          /* of each field in text */
    size_t count, cap;
};

struct slice csv_field(const struct csv_row *row, size_t i); /* borrowed */
void csv_row_free(struct csv_row *row);

enum csv_result { CSV_ROW, CSV_MORE };

/* Reads the row at the start of text into row and sets *used to its bytes, line end included.
 * CSV_MORE when it is not complete: a quoted field is open, or the text ends before a line end and
 * is not the last (last: nothing follows). */
enum csv_result csv_read(struct csv_row *row, struct slice text, bool last, char separator,
                         size_t *used);

/* The separator of a header line: the most frequent of comma, semicolon and tab outside quotes. */
char csv_separator(struct slice header);

#endif
