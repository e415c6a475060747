/*
 * The formats that import reads, as a table: how an item of a file is told, and how it becomes a
 * hinge JSONL line. What hinge has no place for is kept in meta, so nothing of an item is lost.
 */
#ifndef PIPELINE_FORMAT_H
#define PIPELINE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "pipeline/source.h"

/* What a person had already decided in the other tool. */
enum answer_kind { ANSWER_ACCEPT, ANSWER_REJECT, ANSWER_SKIP };

struct answer {
    enum answer_kind kind;
    struct str reviewer;
    struct str mistake, guardrail; /* JSON texts of the rule answered with; empty: none */
};

/* Zero-initialise, reuse with answers_clear, free with answers_free. */
struct answers {
    struct answer *items;
    size_t count, cap;
};

struct answer *answers_add(struct answers *a, enum answer_kind kind); /* borrowed */
void answers_clear(struct answers *a);
void answers_free(struct answers *a);

struct format {
    const char *name;
    enum source_kind kind; /* what its files are, where the file itself does not tell */
    /* True when a checked JSON object looks like an item of this format. */
    bool (*tell)(struct slice object);
    /* Appends the hinge line for a checked JSON object; NULL: it is one already. */
    int (*convert)(struct str *line, struct answers *answers, struct slice object,
                   struct error *err);
};

/* In the order in which they are tried; ends with a NULL name. */
extern const struct format formats[];

const struct format *format_find(const char *name); /* NULL when there is none */
/* The format that a file's first item is of; NULL and err when none fits. */
const struct format *format_tell(enum source_kind kind, struct slice item, struct error *err);

/* The rows of the table that are not in format.c. */
int argilla_convert(struct str *line, struct answers *answers, struct slice object,
                    struct error *err);
int labelstudio_convert(struct str *line, struct answers *answers, struct slice object,
                        struct error *err);
int prodigy_convert(struct str *line, struct answers *answers, struct slice object,
                    struct error *err);
int chat_convert(struct str *line, struct answers *answers, struct slice object,
                 struct error *err);

/* Helpers for them. The value of a member by its name, empty when absent: */
struct slice member_of(struct slice object, const char *name);
/* The same when it is a text, decoded; "" otherwise. */
const char *member_text(struct str *out, struct slice object, const char *name);
/* Appends a member, compacted, behind those already in members: ["a":1] ,"b":2 */
void member_add(struct str *members, struct slice key, struct slice value);
/* The i-th element of a list, empty when there is none or it is no list. */
struct slice element_of(struct slice list, size_t i);

#endif
