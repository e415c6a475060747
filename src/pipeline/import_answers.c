#include "pipeline/import_answers.h"

#include <string.h>

#include "base/json_text.h"
#include "db/decision_store.h"
#include "db/rule_store.h"

static int note_reviewer(void *context, const struct decision_row *row)
{
    int64_t *wanted = context;
    if (row->d.reviewer == *wanted)
        *wanted = 0;
    return *wanted == 0;
}

/* 1 when the reviewer has decided something on the record, 0 when not, -1 failed. */
static int has_decided(struct store *s, int64_t record, int64_t reviewer, struct error *err)
{
    int64_t wanted = reviewer;
    if (decision_store_history(s, record, note_reviewer, &wanted, err) < 0)
        return -1;
    return wanted == 0;
}

/* The answer's text, decoded; the candidate's where the answer has none. */
static void word(struct str *out, const struct str *answered, const char *candidate)
{
    if (answered->len)
        json_unquote(out, str_slice(answered));
    else
        str_adds(out, candidate ? candidate : "");
}

static bool same(const struct str *text, const char *candidate)
{
    return strcmp(str_z(text), candidate ? candidate : "") == 0;
}

/* Accepted as proposed, reworded, or written where nothing was proposed. */
static int choose_rule(struct store *s, const struct stored_record *r, const struct answer *a,
                       struct decision *d, struct error *err)
{
    const struct stored_candidate *c = r->n_candidates ? &r->candidates[0] : NULL;
    struct str mistake = {0}, guardrail = {0};
    word(&mistake, &a->mistake, c ? c->mistake : NULL);
    word(&guardrail, &a->guardrail, c ? c->guardrail : NULL);
    if (!c)
        d->verb = VERB_WRITE;
    else
        d->verb = same(&mistake, c->mistake) && same(&guardrail, c->guardrail) ? VERB_ACCEPT
                                                                               : VERB_EDIT;
    d->candidate = c ? c->id : 0;
    int result = rule_store_intern(s, d->reviewer, str_slice(&mistake), str_slice(&guardrail),
                                   &d->rule, err);
    str_free(&mistake);
    str_free(&guardrail);
    return result;
}

static int append(struct store *s, const struct stored_record *r, const struct answer *a,
                  int64_t reviewer, int64_t *decisions, struct error *err)
{
    struct decision d = {.reviewer = reviewer, .record = r->id};
    switch (a->kind) {
    case ANSWER_SKIP: d.verb = VERB_SKIP; break;
    case ANSWER_REJECT:
        d.verb = VERB_REJECT;
        d.candidate = r->n_candidates ? r->candidates[0].id : 0;
        d.reason = "rejected before import";
        break;
    case ANSWER_ACCEPT:
        if (!a->guardrail.len && !a->mistake.len)
            return 0;
        if (choose_rule(s, r, a, &d, err) != 0)
            return -1;
        break;
    }
    ++*decisions;
    return decision_store_append(s, &d, err);
}

int import_answers(struct store *s, int64_t record, enum record_put what,
                   const struct answers *answers, int64_t *decisions, struct error *err)
{
    if (!answers->count || what == RECORD_UNCHANGED)
        return 0;
    struct stored_record r = {0};
    int result = record_store_load(s, record, &r, err);
    for (size_t i = 0; i < answers->count && result == 0; i++) {
        const struct answer *a = &answers->items[i];
        const char *name = a->reviewer.len ? a->reviewer.at : "imported";
        int64_t reviewer;
        result = store_reviewer(s, name, &reviewer, err);
        int decided = 0;
        if (result == 0 && what == RECORD_UPDATED)
            decided = has_decided(s, record, reviewer, err);
        if (decided < 0)
            result = -1;
        else if (result == 0 && !decided)
            result = append(s, &r, a, reviewer, decisions, err);
    }
    stored_record_free(&r);
    return result;
}
