/* Records with their revisions, outputs, verdicts and candidates. */
#ifndef DB_RECORD_STORE_H
#define DB_RECORD_STORE_H

#include "db/store.h"
#include "domain/record.h"
#include "domain/state.h"

/* Puts a record from a file into the project under its id. A record not seen before is added; one
 * whose content differs becomes a new revision: its decisions stay, what models made of the older
 * one is not the new one's; one that is the same is left alone. source (a file's name) and line say
 * where it came from. Many puts belong in one transaction. */
enum record_put { RECORD_ADDED, RECORD_UPDATED, RECORD_UNCHANGED };
int record_store_put(struct store *s, const struct record *r, const char *source, int64_t line,
                     enum record_put *what, int64_t *id, struct error *err);
/* What a put would do, without doing it (for --dry-run). */
int record_store_would_put(struct store *s, const struct record *r, enum record_put *what,
                           struct error *err);

/* The record's number by its id in files: 1 found, 0 not there, -1 failed. */
int record_store_find(struct store *s, const char *key, int64_t *id, struct error *err);

/* The current revision as a file has it: lossless where nothing was made since it was imported. What the model loop
 * made (loop_store.h) comes out in its place: y0, rounds, the newest y*, the scores, rationales and spans of the
 * verdicts that count, and as rule the imported candidate, else the newest distilled one. Spare samples of y0,
 * superseded verdicts and provenance stay in the database. r is zero-initialised; record_free frees it. */
int record_store_export(struct store *s, int64_t id, struct record *r, struct error *err);

/* One text a model or an expert wrote for a record, with the verdict on it that counts. NULL strings are
 * absent. */
enum output_kind { OUTPUT_Y0, OUTPUT_ROUND, OUTPUT_Y_STAR, OUTPUT_EXPERT };
struct stored_output {
    int64_t id;
    enum output_kind kind;
    int round;    /* 0 is y0; y* counts as the last round */
    char *text;
    char *author; /* a model's name, or the expert's; NULL when not recorded */
    int64_t created;
    bool has_score, has_score_max;
    double score, score_max;
    char *grader, *rationale;
    struct record_span *spans; /* code points of text */
    size_t n_spans;
    char *prompt_hash; /* of the prompt it was made with, or NULL */
    char *surprisal;   /* y0 alone, where a model scored it: JSON, eval_store.h's detail; NULL: not known */
    int samples;       /* answers the score is the median of; 0 without a verdict */
    double spread;     /* highest less lowest of several; negative: one answer */
};

struct stored_candidate {
    int64_t id;
    char *mistake, *guardrail;
    char *author;      /* the model or file that proposed it, or NULL */
    char *prompt_hash; /* of the distilling prompt, or NULL */
    int64_t created;
    int64_t rule; /* of the library, where the model cited one; else 0 */
};

/* A rule the record cites now. */
struct stored_rule {
    int64_t id;
    char *mistake, *guardrail;
};

struct stored_mark { /* a hinge marked by hand */
    bool in_y_star;
    size_t from, to; /* bytes */
    char *reviewer;
};

struct stored_record {
    struct arena arena; /* holds every string below */
    int64_t id;
    char *key, *task, *split;
    int revision;
    enum record_state state;
    int64_t reviewer; /* who decided last; 0 for nobody */
    char *reviewer_name;
    int64_t decided;  /* ms, 0 when undecided */
    char *reason, *note;
    struct prompt prompt;
    struct stored_output *outputs; /* y0, rounds, y*, then what experts wrote, oldest first */
    size_t n_outputs;
    struct stored_candidate *candidates; /* newest first */
    size_t n_candidates;
    struct stored_rule *rules;
    size_t n_rules;
    struct stored_mark *marks;
    size_t n_marks;
    char *meta; /* raw JSON, or NULL */
    char *source;
    int64_t line;
    int n_hinges; /* -1: not counted yet */
    bool imperfect; /* refinement ended short of the top score (loop_store.h) */
};

/* The tag of such records. */
#define TAG_IMPERFECT "imperfect"

/* out is zero-initialised; freed with stored_record_free. ERR_ABSENT when there is no such
 * record. */
int record_store_load(struct store *s, int64_t id, struct stored_record *out, struct error *err);
void stored_record_free(struct stored_record *r);

/* y0 and the y* that counts (the newest effective one of an expert, else the newest made or imported); NULL
 * when there is none. */
const struct stored_output *stored_y0(const struct stored_record *r);
const struct stored_output *stored_y_star(const struct stored_record *r);

/* An expert's text for a record: stored now, effective once a VERB_EDIT_YSTAR decision cites it. */
int record_store_add_output(struct store *s, int64_t record, int64_t reviewer, struct slice text,
                            int64_t *output, struct error *err);

/* The number of hinges shown in the queue. */
int record_store_set_hinges(struct store *s, int64_t id, int n, struct error *err);

/* Tags, one set for the project. Adding twice or removing what is not there is fine. */
int record_store_tag(struct store *s, int64_t id, const char *tag, bool on, struct error *err);

/* Calls each with every record's number in order of import, until it returns non-zero, which is
 * then returned. The callback may read the store. */
typedef int record_each_fn(void *context, int64_t id);
int record_store_each(struct store *s, record_each_fn *each, void *context, struct error *err);

#endif
