/* The file of what an import refused: {"line","field","reason","text"}, one a line, 0600. It comes
 * into being with the first refusal, and under its name once all is told. */
#ifndef PIPELINE_REJECTS_H
#define PIPELINE_REJECTS_H

#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct rejects; /* freed with rejects_close */

/* path is borrowed until rejects_close; NULL: nothing is written, as for a dry run. */
struct rejects *rejects_open(const char *path);
/* why is an error's text: "field: reason", or a reason that concerns the whole item. Where the file
 * cannot be made the import goes on; rejects_close tells. */
void rejects_add(struct rejects *r, uint64_t line, const char *why, struct slice text);
/* Puts the file in place and frees r. Where nothing was refused a file left from an earlier run
 * goes, as it would tell what is no longer so. */
int rejects_close(struct rejects *r, struct error *err);
/* Frees without leaving a file. */
void rejects_abort(struct rejects *r);

#endif
