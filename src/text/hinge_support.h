/*
 * How far the prompt and y* bear out what y0 says, phrase by phrase. Private to hinge*.c.
 *
 * A phrase is borne out when its words stand together somewhere in the prompt; words spread over a
 * long transcript bear out nothing. A phrase is in doubt when a negation has nothing behind it,
 * when y* says the reverse, or when y0 itself does.
 */
#ifndef TEXT_HINGE_SUPPORT_H
#define TEXT_HINGE_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "text/hinge_text.h"

struct hinge_support {
    const struct hinge_text *prompt;
    uint32_t *starts;    /* by stem: where its places begin; n_stems + 1 of them */
    uint32_t *places;    /* word indexes in the prompt, ascending for each stem */
    uint8_t *said;       /* by stem: who says it, affirmed or negated (private bits) */
    size_t n_stems;
    bool usable; /* the prompt speaks y0's language and subject: missing words mean something */
};

struct hinge_doubt {
    double apart;    /* share of the phrase's words that stand nowhere together in the prompt */
    double absent;   /* share that stand nowhere in the prompt at all */
    double agreed;   /* of the changed ones, share that y* still says, with the same polarity */
    double reversed; /* share that y* says with the other polarity only */
    double unsteady; /* share that y0 itself says with both */
    bool negated;
};

/* Reads all texts once; everything lives in the arena. */
void hinge_support_read(struct hinge_support *s, const struct hinge_text *prompt,
                        const struct hinge_text *y0, const struct hinge_text *y_star,
                        size_t n_stems, struct arena *arena);

bool hinge_supported(const struct hinge_support *s, uint32_t stem);

/* Looks at one phrase of y0. A phrase's first 24 telling words are looked at, and of the rarest
 * two of them the first 32 places, so that the cost of a phrase is bounded. */
struct hinge_doubt hinge_doubt_phrase(const struct hinge_support *s, const struct hinge_text *y0,
                                      size_t phrase);

#endif
