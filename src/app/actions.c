#include "app/actions.h"

#include <string.h>

#include "app/actions_parts.h"
#include "app/reasons.h"
#include "app/session_parts.h"
#include "base/mem.h"
#include "db/queue_store.h"
#include "db/rule_store.h"

void outcome_free(struct outcome *o)
{
    str_free(&o->said);
    *o = (struct outcome){0};
}

int act_may_write(const struct session *s, struct error *err)
{
    if (!session_read_only(s))
        return 0;
    return error_set(err, ERR_READONLY, "this project is open for reading only: nothing can be stored");
}

int act_decide(struct session *s, struct decision *d, struct error *err)
{
    d->reviewer = s->reviewer_id;
    d->seconds = (double)session_worked_ms(s, d->record) / 1000.0;
    if (decision_store_append(s->store, d, err) != 0)
        return -1;
    s->pace_ms = 0;
    return 0;
}

struct str *act_say(struct outcome *out, int64_t record, int64_t rule, size_t records)
{
    if (!out)
        return NULL;
    str_clear(&out->said);
    out->record = record;
    out->rule = rule;
    out->records = records;
    return &out->said;
}

int act_begin(struct session *s, struct error *err)
{
    return act_may_write(s, err) != 0 ? -1 : store_begin(s->store, err);
}

int act_finish(struct session *s, int result, struct error *err)
{
    if (result == 0)
        return store_commit(s->store, err);
    store_rollback(s->store);
    return -1;
}

/* The newest candidate with these words, NULL when none has them. */
static const struct stored_candidate *same_words(const struct stored_record *r, struct rule_typed rule)
{
    for (size_t i = 0; i < r->n_candidates; i++) {
        struct slice mistake = slice_trim(slice_of(r->candidates[i].mistake));
        struct slice guardrail = slice_trim(slice_of(r->candidates[i].guardrail));
        if (slice_eq(mistake, rule.mistake) && slice_eq(guardrail, rule.guardrail))
            return &r->candidates[i];
    }
    return NULL;
}

static struct rule_typed trimmed(struct rule_typed rule)
{
    return (struct rule_typed){slice_trim(rule.mistake), slice_trim(rule.guardrail)};
}

static int check_rule(struct rule_typed rule, struct error *err)
{
    if (rule.guardrail.len == 0)
        return error_set(err, ERR_USAGE, "a rule needs a guardrail: what to do instead");
    return 0;
}

/* Which of accept, edit and write it is follows from the words. */
static struct decision decision_for(const struct stored_record *r, struct rule_typed rule)
{
    const struct stored_candidate *same = same_words(r, rule);
    struct decision d = {.record = r->id};
    d.verb = same ? VERB_ACCEPT : r->n_candidates ? VERB_EDIT : VERB_WRITE;
    d.candidate = same ? same->id : r->n_candidates ? r->candidates[0].id : 0;
    return d;
}

int act_set_rule(struct session *s, const struct stored_record *r, struct rule_typed rule, int64_t *batch,
             struct decision *made, struct error *err)
{
    struct decision d = decision_for(r, rule);
    d.batch = *batch;
    if (rule_store_intern(s->store, s->reviewer_id, rule.mistake, rule.guardrail, &d.rule, err) != 0 ||
        act_decide(s, &d, err) != 0)
        return -1;
    if (*batch == 0)
        *batch = d.id;
    *made = d;
    return 0;
}

static const char *done_word(enum verb verb)
{
    static const char *const words[VERBS] = {
        [VERB_ACCEPT] = "accepted", [VERB_EDIT] = "edited",   [VERB_WRITE] = "written",
        [VERB_CITE] = "cited",      [VERB_REJECT] = "rejected", [VERB_SKIP] = "skipped",
        [VERB_FLAG] = "flagged",    [VERB_UNFLAG] = "unflagged",
    };
    return words[verb] ? words[verb] : verb_name(verb);
}

int action_edit(struct session *s, int64_t record, struct rule_typed rule, struct outcome *out,
                struct error *err)
{
    rule = trimmed(rule);
    if (check_rule(rule, err) != 0 || act_begin(s, err) != 0)
        return -1;
    struct stored_record r = {0};
    struct decision d = {0};
    int64_t batch = 0;
    int result = record_store_load(s->store, record, &r, err);
    if (result == 0)
        result = act_set_rule(s, &r, rule, &batch, &d, err);
    stored_record_free(&r);
    if (act_finish(s, result, err) != 0)
        return -1;
    struct str *said = act_say(out, record, d.rule, 1);
    if (said)
        str_addf(said, "%s, rule #%lld", done_word(d.verb), (long long)d.rule);
    return 0;
}

int action_accept(struct session *s, int64_t record, struct outcome *out, struct error *err)
{
    struct stored_record r = {0};
    int result = record_store_load(s->store, record, &r, err);
    if (result == 0 && r.n_candidates == 0)
        result = error_set(err, ERR_ABSENT, "no rule was distilled for this record: e writes one");
    if (result == 0) {
        struct rule_typed rule = {slice_of(r.candidates[0].mistake), slice_of(r.candidates[0].guardrail)};
        result = action_edit(s, record, rule, out, err);
    }
    stored_record_free(&r);
    return result;
}

/* One decision about one record, alone in its transaction (decision_store_append makes it). */
static int decide_one(struct session *s, struct decision *d, struct outcome *out, struct error *err)
{
    if (act_may_write(s, err) != 0 || act_decide(s, d, err) != 0)
        return -1;
    struct str *said = act_say(out, d->record, d->rule, 1);
    if (said)
        str_adds(said, done_word(d->verb));
    return 0;
}

/* A second rule counts with the first: on a record that is not accepted yet it waits for that. */
static void say_beside(struct session *s, int64_t record, int64_t rule, struct str *said)
{
    struct queue_rows row = {0};
    bool waits = queue_store_row(s->store, record, &row, NULL) == 0 && row.items[0].state != STATE_ACCEPTED &&
                 row.items[0].state != STATE_EDITED;
    queue_rows_free(&row);
    str_addf(said, waits ? "rule #%lld kept; it counts once the record is accepted"
                         : "rule #%lld added beside", (long long)rule);
}

int action_add_rule(struct session *s, int64_t record, struct rule_typed rule, struct outcome *out,
                    struct error *err)
{
    rule = trimmed(rule);
    if (check_rule(rule, err) != 0 || act_begin(s, err) != 0)
        return -1;
    struct decision d = {.verb = VERB_ADD_RULE, .record = record};
    int result = rule_store_intern(s->store, s->reviewer_id, rule.mistake, rule.guardrail, &d.rule, err);
    if (result == 0)
        result = act_decide(s, &d, err);
    if (act_finish(s, result, err) != 0)
        return -1;
    struct str *said = act_say(out, record, d.rule, 1);
    if (said)
        say_beside(s, record, d.rule, said);
    return 0;
}

int action_cite(struct session *s, int64_t record, int64_t rule, bool beside, struct outcome *out,
                struct error *err)
{
    struct decision d = {.verb = beside ? VERB_ADD_RULE : VERB_CITE, .record = record, .rule = rule};
    if (decide_one(s, &d, out, err) != 0)
        return -1;
    if (out) {
        str_clear(&out->said);
        if (beside)
            say_beside(s, record, rule, &out->said);
        else
            str_addf(&out->said, "cites rule #%lld", (long long)rule);
    }
    return 0;
}

int act_newest_candidate(struct session *s, int64_t record, int64_t *candidate, struct error *err)
{
    struct stored_record r = {0};
    int result = record_store_load(s->store, record, &r, err);
    *candidate = result == 0 && r.n_candidates ? r.candidates[0].id : 0;
    stored_record_free(&r);
    return result;
}

int action_reject(struct session *s, int64_t record, struct slice reason, struct outcome *out,
                  struct error *err)
{
    struct str stored = {0};
    struct decision d = {.verb = VERB_REJECT, .record = record};
    int result = reason_read(&stored, reason, err);
    if (result == 0)
        result = act_newest_candidate(s, record, &d.candidate, err);
    if (result == 0) {
        d.reason = str_z(&stored);
        result = decide_one(s, &d, out, err);
    }
    if (result == 0 && out)
        str_addf(&out->said, ": %s", str_z(&stored));
    str_free(&stored);
    return result;
}

int action_skip(struct session *s, int64_t record, struct outcome *out, struct error *err)
{
    struct decision d = {.verb = VERB_SKIP, .record = record};
    return decide_one(s, &d, out, err);
}

int action_flag(struct session *s, int64_t record, struct slice note, struct outcome *out,
                struct error *err)
{
    struct str text = {0};
    str_add_slice(&text, slice_trim(note));
    struct decision d = {.verb = VERB_FLAG, .record = record, .note = str_z(&text)};
    int result = decide_one(s, &d, out, err);
    str_free(&text);
    return result;
}

int action_unflag(struct session *s, int64_t record, struct outcome *out, struct error *err)
{
    struct decision d = {.verb = VERB_UNFLAG, .record = record};
    return decide_one(s, &d, out, err);
}

static int store_output(struct session *s, int64_t record, struct slice text, struct error *err)
{
    struct stored_record r = {0};
    struct decision d = {.verb = VERB_EDIT_YSTAR, .record = record};
    int result = record_store_load(s->store, record, &r, err);
    const struct stored_output *now = result == 0 ? stored_y_star(&r) : NULL;
    if (result == 0 && now && slice_eq(slice_of(now->text), text))
        result = error_set(err, ERR_CONFLICT, "y* is as it was: nothing to store");
    if (result == 0)
        result = record_store_add_output(s->store, record, s->reviewer_id, text, &d.output, err);
    if (result == 0)
        result = act_decide(s, &d, err);
    stored_record_free(&r);
    return result;
}

int action_edit_output(struct session *s, int64_t record, struct slice text, struct outcome *out,
                       struct error *err)
{
    if (slice_trim(text).len == 0)
        return error_set(err, ERR_USAGE, "y* cannot be empty");
    if (act_begin(s, err) != 0 || act_finish(s, store_output(s, record, text, err), err) != 0)
        return -1;
    struct str *said = act_say(out, record, 0, 1);
    if (said)
        str_adds(said, "y* edited");
    return 0;
}

int action_mark_hinge(struct session *s, int64_t record, bool in_y_star, size_t from, size_t to, bool on,
                      struct outcome *out, struct error *err)
{
    struct decision d = {.verb = on ? VERB_MARK_HINGE : VERB_UNMARK_HINGE,
                         .record = record,
                         .in_y_star = in_y_star,
                         .from = (int64_t)from,
                         .to = (int64_t)to};
    if (decide_one(s, &d, out, err) != 0)
        return -1;
    if (out) {
        str_clear(&out->said);
        str_adds(&out->said, on ? "hinge marked" : "hinge unmarked");
    }
    return 0;
}

/* " on ed-0143", " on 12 records", " of rule #3". */
static void add_where(struct session *s, struct str *said, const struct undo_result *u)
{
    struct queue_rows rows = {0};
    if (u->decisions > 1)
        str_addf(said, " of %lld at once", (long long)u->decisions);
    else if (u->record && queue_store_row(s->store, u->record, &rows, NULL) == 0 && rows.count)
        str_addf(said, " on %s", rows.items[0].key);
    else if (u->rule)
        str_addf(said, " of rule #%lld", (long long)u->rule);
    queue_rows_free(&rows);
}

typedef int step_fn(struct store *s, int64_t reviewer, struct undo_result *out, struct error *err);

static int step(struct session *s, step_fn *fn, const char *word, struct outcome *out, struct error *err)
{
    struct undo_result u = {0};
    if (act_may_write(s, err) != 0)
        return -1;
    int result = fn(s->store, s->reviewer_id, &u, err);
    if (result < 0)
        return -1;
    if (result == 0)
        return error_set(err, ERR_ABSENT, "nothing to %s", word);
    s->pace_ms = 0;
    struct str *said = act_say(out, u.record, u.rule, (size_t)u.decisions);
    if (said) {
        str_addf(said, "%s: %s", strcmp(word, "undo") == 0 ? "taken back" : "done again", verb_name(u.verb));
        add_where(s, said, &u);
    }
    return 0;
}

int action_undo(struct session *s, struct outcome *out, struct error *err)
{
    return step(s, decision_store_undo, "undo", out, err);
}

int action_redo(struct session *s, struct outcome *out, struct error *err)
{
    return step(s, decision_store_redo, "redo", out, err);
}
