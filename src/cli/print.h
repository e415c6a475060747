/* What commands print for people. Names and texts of a project are hostile: they come out
 * visible. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <stdint.h>

#include "base/json.h"
#include "base/str.h"

/* Appends n with commas: "1,234,567". */
void print_number(struct str *out, int64_t n);
/* Appends text made visible, in one line, cut to width cells and padded to them (0: neither). */
void print_cell(struct str *out, struct slice text, size_t width);
/* Appends text made visible line by line, each ended by a line end. */
void print_text(struct str *out, struct slice text);
/* Writes text to standard output and frees it: 0, or -1 with err where it could not all be
 * written. */
int print_out(struct str *text, struct error *err);
/* The same for a tree as one line of JSON; frees it. */
int print_json(struct json *tree, struct error *err);

#endif
