/*
 * Held-out enforcement: which records' prompts stand in a training set, as they are or nearly.
 *
 * Method: exact, no sketch. A prompt's words (letters and digits, case and punctuation ignored; system messages left
 * out, since a task's records share them) make shingles of HELD_OUT_WORDS words. Shingles that more than a tenth of
 * the records asked about have in common (and more than HELD_OUT_COMMON of them) are a form that all are written in and
 * are not counted. A record is a near duplicate of a training prompt when their shingles' Jaccard similarity is at least
 * HELD_OUT_JACCARD, or at least HELD_OUT_INSIDE of the record's shingles stand in the training prompt (containment).
 * The same words in the same order are a duplicate, whatever is counted. The training set is read once, as a stream;
 * memory grows with the records asked about (cf. Broder, "On the resemblance and containment of documents", 1997).
 */
#ifndef PIPELINE_HELD_OUT_H
#define PIPELINE_HELD_OUT_H

#include <stdint.h>

#include "base/error.h"
#include "domain/record.h"

enum { HELD_OUT_WORDS = 5, HELD_OUT_COMMON = 20 };
#define HELD_OUT_JACCARD 0.8
#define HELD_OUT_INSIDE 0.9

struct held_out; /* the records asked about */
struct held_out *held_out_new(void);
void held_out_free(struct held_out *h); /* NULL is fine */
/* number is given back; all are added before the first training set is read. */
void held_out_add(struct held_out *h, int64_t number, const struct prompt *p);

/* Reads a training set as export writes it (JSONL: id, prompt). Several may be read one after the other; *examples (may
 * be NULL) is increased by their number. A line that is none fails with its number. */
int held_out_read(struct held_out *h, const char *path, int64_t *examples, struct error *err);
/* The same for a prompt in hand. */
void held_out_see(struct held_out *h, const char *id, const struct prompt *p);

struct held_out_twin { /* borrowed from h */
    int64_t number;
    const char *twin;  /* id of the training example that is most like it */
    double likeness;   /* Jaccard similarity or containment, whichever was reached; 1: the same words */
};
size_t held_out_count(const struct held_out *h); /* records that training has seen */
/* The next of them in the order they were added, from *at = 0 on; false past the last. */
bool held_out_next(const struct held_out *h, size_t *at, struct held_out_twin *out);

#endif
