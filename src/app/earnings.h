/*
 * Which prompt earns its keep: for each version of a distil template, with each model, on each task, what experts did
 * with the candidates it made; and for each grader how often experts agreed with it. Read from the decisions that
 * stand now (one taken back does not count); counted, never guessed.
 */
#ifndef APP_EARNINGS_H
#define APP_EARNINGS_H

#include <stdint.h>

#include "base/arena.h"
#include "db/store.h"

struct earning_reason { /* why candidates were rejected: a word of app/reasons.h's list, or "other" */
    const char *word;
    int64_t times;
};

struct earning_prompt {
    const char *hash, *name, *model, *task; /* "" for not known: imported candidates have no template */
    int64_t candidates;                     /* made; the sum of the five that follow */
    int64_t accepted;                       /* as they were */
    int64_t edited;
    int64_t rejected;
    int64_t other;    /* passed over for another rule of the library, skipped, flagged */
    int64_t undecided;
    double kept;      /* accepted and edited / accepted, edited and rejected, 0..1; negative: none of them yet */
    double changed;   /* mean share of the words that edits changed, 0..1; negative: nothing was edited */
    double earns;     /* the mean of accepted (1), edited (1 - share of words changed) and rejected (0), 0..1: what rows
                         are sorted by; negative: none of them yet */
    struct earning_reason *reasons; /* most frequent first */
    size_t n_reasons;
};

struct earning_grader {
    const char *grader, *model, *hash, *task; /* "" for not known; hash of the grading template */
    int64_t verdicts; /* given */
    int64_t failed;   /* answers that could not be read */
    int64_t judged;   /* verdicts on outputs that an expert judged too */
    int64_t agreed;   /* of those */
    int64_t missed;   /* the expert saw a fault, the grader none */
    int64_t invented; /* the grader saw a fault, the expert none */
    double agreement; /* agreed / judged; negative: none judged */
    double spread;    /* mean of highest less lowest score where several answers were asked; negative: never */
};

struct earnings {
    struct arena arena; /* holds what follows */
    struct earning_prompt *prompts; /* what earns most first, the undecided last */
    size_t n_prompts;
    struct earning_grader *graders; /* most judged first */
    size_t n_graders;
};

/* Reads and counts. out is zero-initialised and freed with earnings_free in any case. */
int earnings_read(struct store *s, struct earnings *out, struct error *err);
void earnings_free(struct earnings *e);

/* The share of words that an edit changed: 1 - 2 x words kept / (words before + words after), words kept being a
 * longest common subsequence of the words (blanks and punctuation do not count). 0: the same words, 1: none kept. */
double earnings_changed(struct slice before, struct slice after);

#endif
