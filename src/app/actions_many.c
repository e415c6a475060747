#include <string.h>

#include "app/actions.h"
#include "app/actions_parts.h"
#include "app/reasons.h"
#include "app/session_parts.h"
#include "db/rule_store.h"

/* What is being done to many records, and how it stands. */
struct work {
    struct session *s;
    enum many what;
    struct str argument; /* reason, note or tag, checked */
    int64_t batch;
    size_t done, left_out;
};

/* 1 done, 0 left out, -1 failed. */
static int accept_one(struct work *w, int64_t record, struct error *err)
{
    struct stored_record r = {0};
    struct decision d = {0};
    int result = record_store_load(w->s->store, record, &r, err);
    if (result == 0 && r.n_candidates > 0) {
        struct rule_typed rule = {slice_trim(slice_of(r.candidates[0].mistake)),
                                  slice_trim(slice_of(r.candidates[0].guardrail))};
        if (rule.guardrail.len)
            result = act_set_rule(w->s, &r, rule, &w->batch, &d, err) == 0 ? 1 : -1;
    }
    stored_record_free(&r);
    return result;
}

static int decide_verb(struct work *w, int64_t record, struct error *err)
{
    static const enum verb verbs[] = {[MANY_SKIP] = VERB_SKIP, [MANY_REJECT] = VERB_REJECT,
                                      [MANY_FLAG] = VERB_FLAG};
    struct decision d = {.verb = verbs[w->what], .record = record, .batch = w->batch};
    if (w->what == MANY_REJECT) {
        d.reason = str_z(&w->argument);
        if (act_newest_candidate(w->s, record, &d.candidate, err) != 0)
            return -1;
    }
    if (w->what == MANY_FLAG)
        d.note = str_z(&w->argument);
    if (act_decide(w->s, &d, err) != 0)
        return -1;
    if (w->batch == 0)
        w->batch = d.id;
    return 1;
}

static int tag_one(struct work *w, int64_t record, struct error *err)
{
    bool on = w->what == MANY_TAG;
    return record_store_tag(w->s->store, record, str_z(&w->argument), on, err) == 0 ? 1 : -1;
}

static int do_one(struct work *w, int64_t record, struct error *err)
{
    if (w->what == MANY_ACCEPT)
        return accept_one(w, record, err);
    if (w->what == MANY_TAG || w->what == MANY_UNTAG)
        return tag_one(w, record, err);
    return decide_verb(w, record, err);
}

static int read_argument(struct work *w, struct slice argument, struct error *err)
{
    argument = slice_trim(argument);
    if (w->what == MANY_REJECT)
        return reason_read(&w->argument, argument, err);
    if ((w->what == MANY_TAG || w->what == MANY_UNTAG) && argument.len == 0)
        return error_set(err, ERR_USAGE, "a tag needs a name");
    str_add_slice(&w->argument, argument);
    return 0;
}

static int do_all(struct work *w, const int64_t *records, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        int result = do_one(w, records[i], err);
        if (result < 0)
            return -1;
        w->done += result == 1;
        w->left_out += result == 0;
    }
    if (w->done == 0)
        return error_set(err, ERR_ABSENT, n ? "none of them has a distilled rule to accept"
                                            : "no records to act on");
    return 0;
}

int action_many(struct session *s, enum many what, const int64_t *records, size_t n,
                struct slice argument, struct outcome *out, struct error *err)
{
    static const char *const words[] = {[MANY_ACCEPT] = "accepted", [MANY_SKIP] = "skipped",
                                        [MANY_REJECT] = "rejected", [MANY_FLAG] = "flagged",
                                        [MANY_TAG] = "tagged",      [MANY_UNTAG] = "untagged"};
    struct work w = {.s = s, .what = what};
    int result = read_argument(&w, argument, err);
    if (result == 0)
        result = act_begin(s, err);
    if (result == 0)
        result = act_finish(s, do_all(&w, records, n, err), err);
    struct str *said = result == 0 ? act_say(out, records[0], 0, w.done) : NULL;
    if (said) {
        str_addf(said, "%zu %s", w.done, words[what]);
        if (w.left_out)
            str_addf(said, ", %zu left out (no distilled rule)", w.left_out);
    }
    str_free(&w.argument);
    return result;
}

static int change_library(struct session *s, struct decision *d, struct error *err)
{
    if (act_may_write(s, err) != 0)
        return -1;
    return act_decide(s, d, err);
}

int action_merge_rules(struct session *s, int64_t from, int64_t into, struct outcome *out,
                       struct error *err)
{
    if (from == into)
        return error_set(err, ERR_CONFLICT, "a rule cannot be merged into itself");
    struct decision d = {.verb = VERB_MERGE_RULE, .rule = from, .other = into};
    if (change_library(s, &d, err) != 0)
        return -1;
    struct str *said = act_say(out, 0, into, 0);
    if (said)
        str_addf(said, "rule #%lld merged into #%lld", (long long)from, (long long)into);
    return 0;
}

int action_retire_rule(struct session *s, int64_t rule, bool retired, struct outcome *out,
                       struct error *err)
{
    struct decision d = {.verb = retired ? VERB_RETIRE_RULE : VERB_REVIVE_RULE, .rule = rule};
    if (change_library(s, &d, err) != 0)
        return -1;
    struct str *said = act_say(out, 0, rule, 0);
    if (said)
        str_addf(said, "rule #%lld %s", (long long)rule, retired ? "retired" : "in use again");
    return 0;
}

static int reword(struct session *s, int64_t rule, struct rule_typed text, struct error *err)
{
    struct rules now = {0};
    struct decision d = {.verb = VERB_REWORD_RULE, .rule = rule};
    int result = rule_store_get(s->store, rule, &now, err);
    if (result == 0 && slice_eq(text.mistake, slice_of(now.items[0].mistake)) &&
        slice_eq(text.guardrail, slice_of(now.items[0].guardrail)))
        result = error_set(err, ERR_CONFLICT, "the rule is as it was: nothing to store");
    if (result == 0)
        result = rule_store_add_version(s->store, rule, s->reviewer_id, text.mistake, text.guardrail,
                                        &d.other, err);
    if (result == 0)
        result = act_decide(s, &d, err);
    rules_free(&now);
    return result;
}

int action_edit_rule(struct session *s, int64_t rule, struct rule_typed text, struct outcome *out,
                     struct error *err)
{
    text = (struct rule_typed){slice_trim(text.mistake), slice_trim(text.guardrail)};
    if (text.guardrail.len == 0)
        return error_set(err, ERR_USAGE, "a rule needs a guardrail: what to do instead");
    if (act_begin(s, err) != 0 || act_finish(s, reword(s, rule, text, err), err) != 0)
        return -1;
    struct str *said = act_say(out, 0, rule, 0);
    if (said)
        str_addf(said, "rule #%lld edited everywhere", (long long)rule);
    return 0;
}
