/* Why a candidate is rejected: a short list to choose from, and free text beside it. What is stored is
 * "word: free text", so that counts by reason and the words of the expert both survive. */
#ifndef APP_REASONS_H
#define APP_REASONS_H

#include "base/error.h"
#include "base/str.h"

struct reason {
    const char *word; /* stored; its first letter chooses it */
    const char *meaning;
};

/* Ended by a NULL word. */
extern const struct reason reject_reasons[];

/* Reads what was typed: the beginning of a word of the list, alone or with ": text" or blank and text
 * after it; anything else is free text and is stored as "other: TEXT". Empty is refused. Appends what to
 * store. */
int reason_read(struct str *out, struct slice typed, struct error *err);

#endif
