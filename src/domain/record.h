/*
 * A record as it stands in a file: one prompt x with its outputs, the grader's words and a rule
 * candidate. hinge-records(5) documents the format. All strings are valid UTF-8 without NUL, live
 * in the record's arena and are NULL when absent.
 */
#ifndef DOMAIN_RECORD_H
#define DOMAIN_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct message {
    char *role, *content; /* role: system, user, assistant, tool */
};

struct prompt {
    bool chat; /* false: a plain string, kept as one user message */
    struct message *messages;
    size_t count; /* 0: no prompt given */
};

struct round {
    char *output; /* y_k for k = 1, 2, ... */
    bool has_score;
    double score;
    char *rationale;
};

struct record_span { /* Unicode code points in y0, end exclusive */
    size_t start, end;
    char *label;
};

struct rule_text {
    char *mistake, *guardrail; /* both NULL: no rule given */
};

struct record {
    struct arena arena;
    char *id, *task, *split; /* split: train, valid, test or NULL */
    struct prompt prompt;
    char *y0, *y_star;
    struct round *rounds;
    size_t n_rounds;
    bool has_score, has_score_max;
    double score, score_max;
    char *rationale;
    struct record_span *spans;
    size_t n_spans;
    struct rule_text rule;
    char *meta;  /* raw JSON text of "meta", or NULL */
    /* What does not fit above, so that a record comes out as it went in; both are for record_print
     * and opaque to all others. extra: an object of raw JSON with the unknown keys in their order,
     * then, under known names, exact values that the members above cannot hold (1.0, null). keys:
     * the order of the source's keys, separated by blanks, "*" for an unknown one; NULL: the
     * standard order. */
    char *extra;
    char *keys;
};

/* Reads one hinge JSONL line into r (zero-initialised; record_free frees it in any case). Refuses,
 * naming the field: not an object; no id; neither prompt nor y0; a field of the wrong type; a span
 * outside y0; a score that is not finite. *repaired is increased by characters repaired. */
int record_parse(struct record *r, struct slice line, size_t *repaired, struct error *err);
/* Appends the record as one JSON line without a line end. */
void record_print(struct str *out, const struct record *r);
/* What record_parse checks, for records built by other importers. */
int record_validate(const struct record *r, struct error *err);
void record_free(struct record *r);

/* The prompt as one text for display, search and hinge finding: messages as "Role: content" parts
 * when it is a chat, the plain text otherwise. Appends to out. */
void prompt_text(struct str *out, const struct prompt *p);

#endif
