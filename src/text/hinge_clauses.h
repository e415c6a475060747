/*
 * The rationale taken apart: clauses, what each quotes and speaks of, and the hunk each one faults.
 * Private to hinge*.c.
 */
#ifndef TEXT_HINGE_CLAUSES_H
#define TEXT_HINGE_CLAUSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "text/hinge_hunks.h"
#include "text/hinge_text.h"

struct clause {
    uint32_t from, to; /* words of the rationale */
    unsigned concepts; /* enum word_class that its words speak of */
    bool faults;       /* false: it praises, and what it names is not at fault */
    int hunk;          /* its best hunk, or -1 */
};

struct clauses {
    struct hinge_text text;
    bool *quoted; /* by word of the rationale */
    struct clause *items;
    size_t count;
    unsigned concepts; /* of all faulting clauses */
    /* Set by clauses_link: */
    uint8_t *named;    /* by stem: enum clause_naming, over the faulting clauses */
    size_t n_stems;
    struct map *pairs; /* words that stand side by side in them */
    int *of_hunk;      /* by hunk: the clause that speaks of it most, or -1 */
};

enum clause_naming { NAMED = 1 << 0, QUOTED = 1 << 1 };

/* Splits and reads the rationale. What the arena does not hold is freed by clauses_free. */
void clauses_read(struct clauses *c, struct slice rationale, struct hinge_vocab *v,
                  struct arena *arena);
/* Finds each clause's best hunk. Linear in words: a word that stands in many hunks tells little,
 * and only its first 64 are looked at. n_stems counts the vocabulary after all texts were read. */
void clauses_link(struct clauses *c, const struct hinge_text *y0, const struct hinge_text *y_star,
                  const struct hinge_hunks *hunks, size_t n_stems, struct arena *arena);
void clauses_free(struct clauses *c);

/* True when words i and i + 1 of t stand side by side in a faulting clause too. */
bool clauses_say_pair(const struct clauses *c, const struct hinge_text *t, size_t i);

#endif
