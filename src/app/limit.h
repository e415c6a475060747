/*
 * The limit language of the queue's `l`: which records are shown. Terms stand beside each other and all
 * must hold; a term's values, separated by commas, are alternatives; `!` turns a term round.
 *
 *     state:undecided,flagged task:ed score<5 text:"chest pain" /mg?\b/i rule:12 reviewer:me !tag:late
 *
 * A bare word or quoted phrase is searched for in the texts. This file only reads the language: what it
 * means to the store is app/limit_query.h.
 */
#ifndef APP_LIMIT_H
#define APP_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum limit_field {
    LIMIT_STATE,    /* values: the words of limit_states */
    LIMIT_TASK,     /* values: a task; where there is none of that name, the beginning of names */
    LIMIT_SCORE,    /* number */
    LIMIT_HINGES,   /* number */
    LIMIT_ROUNDS,   /* number */
    LIMIT_TEXT,     /* values: words or phrases, in prompt, outputs or rationale */
    LIMIT_PATTERN,  /* values: one PCRE2 pattern */
    LIMIT_RULE,     /* values: numbers of rules, "none", "any" */
    LIMIT_REVIEWER, /* values: names; "me" */
    LIMIT_TAG,      /* values: tags */
    LIMIT_SPLIT,    /* values: train, valid, test, none */
    LIMIT_EVAL,     /* values: numbers of evals, "none", "any": the records that went back from them */
    LIMIT_ID,       /* values: a record's id, or its beginning */
    LIMIT_FIELDS
};

enum limit_op { LIMIT_IS, LIMIT_LESS, LIMIT_LESS_IS, LIMIT_MORE, LIMIT_MORE_IS };

struct limit_term {
    enum limit_field field;
    enum limit_op op; /* LIMIT_IS except for numbers */
    bool negated;
    bool caseless; /* patterns: /…/i */
    double number; /* of number fields */
    struct slice *values;
    size_t n_values;
    size_t from, to; /* bytes of the source, for messages */
};

/* Zero-initialise; freed with limit_free. Owns all its text. */
struct limit {
    struct arena arena;
    struct slice text; /* the source, trimmed */
    struct limit_term *terms;
    size_t count; /* 0: everything */
};

/* Reads text. On failure -1, err says what is wrong and *error_at (may be NULL) is the byte where. */
int limit_parse(struct limit *l, struct slice text, size_t *error_at, struct error *err);
void limit_free(struct limit *l);

/* The words for states, in the order of the state signs; ended by NULL. "decided" is no state of a
 * record but is accepted in a limit and stands for all but undecided. */
extern const char *const limit_states[];
/* What completing word as the name of a state gives: a state's full word, "decided", or NULL when it fits
 * none or several. */
const char *limit_state_word(struct slice word);

/* Names of the fields, indexed by enum limit_field; "" for patterns. */
const char *limit_field_name(enum limit_field field);
/* One line for help: "score<5, score>=3.5". Indexed likewise. */
const char *limit_field_help(enum limit_field field);

/*
 * Completion: the candidates for the word that ends at byte cursor of text. values asks the caller for
 * the known values of a field (tasks, reviewers, tags); it calls add for each, any number up to a bound of
 * its own.
 */
typedef void limit_add_fn(void *to, struct slice value);
struct limit_source {
    void (*values)(void *context, enum limit_field field, limit_add_fn *add, void *to);
    void *context;
};
struct limit_choices {
    struct arena arena;
    struct slice *items; /* what the word becomes, in order */
    size_t count, cap;
    size_t from, to; /* the bytes of text each item replaces */
};
/* c is zero-initialised; freed with limit_choices_free. source may be NULL. */
void limit_complete(struct limit_choices *c, struct slice text, size_t cursor,
                    const struct limit_source *source);
void limit_choices_free(struct limit_choices *c);

/* Completion from a fixed list of words, for a text that is one word (a "!" before it is kept). */
void words_complete(struct limit_choices *c, const char *const *words, size_t n, struct slice text,
                    size_t cursor);

/* Appends value as it must be written in a limit: quoted when it holds blanks, commas or quotes. */
void limit_quote(struct str *out, struct slice value);

#endif
