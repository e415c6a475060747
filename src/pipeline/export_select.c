#include "pipeline/export_select.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "db/decision_store.h"

struct selection {
    const struct export_options *options;
    unsigned needs;
    struct map *votes; /* "record/outcome" to the number of reviewers; NULL: not asked for */
    char below[48];
};

/* The outcomes that agreement is about: a rule kept, whatever its words, is one. A skip is no vote. */
static const char *outcome(int state)
{
    switch (state) {
    case STATE_ACCEPTED:
    case STATE_EDITED: return "kept";
    case STATE_REJECTED: return "rejected";
    case STATE_FLAGGED: return "flagged";
    default: return NULL;
    }
}

static uint64_t votes_of(const struct map *votes, int64_t record, const char *what)
{
    char key[48];
    uint64_t n = 0;
    snprintf(key, sizeof key, "%lld/%s", (long long)record, what);
    map_get(votes, slice_of(key), &n);
    return n;
}

static void add_vote(struct map *votes, int64_t record, const char *what)
{
    char key[48];
    uint64_t n = votes_of(votes, record, what) + 1;
    snprintf(key, sizeof key, "%lld/%s", (long long)record, what);
    map_put(votes, slice_of(key), n);
}

static int count_vote(void *context, const struct decision_row *row)
{
    struct selection *sel = context;
    const char *what = outcome(verb_state(row->d.verb));
    if (what) {
        add_vote(sel->votes, row->d.record, what);
        add_vote(sel->votes, row->d.record, "all");
    }
    return 0;
}

struct selection *selection_make(struct store *s, const struct export_options *o, unsigned needs,
                                 struct error *err)
{
    struct selection *sel = mem_zalloc(1, sizeof *sel);
    sel->options = o;
    sel->needs = needs;
    snprintf(sel->below, sizeof sel->below, "agreement below %g", o->min_agreement);
    if (o->min_agreement > 0) {
        sel->votes = map_new();
        if (decision_store_current(s, 0, count_vote, sel, err) != 0) {
            selection_free(sel);
            return NULL;
        }
    }
    return sel;
}

void selection_free(struct selection *sel)
{
    map_free(sel->votes);
    mem_free(sel);
}

static const char *agreement_reason(struct selection *sel, const struct stored_record *r)
{
    const char *what = outcome((int)r->state);
    uint64_t all = votes_of(sel->votes, r->id, "all");
    if (!what || all < 2)
        return "judged by one reviewer alone";
    double share = (double)votes_of(sel->votes, r->id, what) / (double)all;
    return share < sel->options->min_agreement ? sel->below : NULL;
}

static const char *filter_reason(struct selection *sel, const struct stored_record *r)
{
    const struct export_options *o = sel->options;
    if (o->split && strcmp(o->split, r->split ? r->split : "none") != 0)
        return "of another split";
    if (o->reviewer && (!r->reviewer_name || strcmp(o->reviewer, r->reviewer_name) != 0))
        return r->reviewer_name ? "decided by another reviewer" : "undecided";
    if (o->since && r->decided < o->since)
        return r->decided ? "decided earlier" : "undecided";
    return sel->votes ? agreement_reason(sel, r) : NULL;
}

const char *selection_reason(struct selection *sel, const struct stored_record *r)
{
    if ((sel->needs & NEEDS_DECISION) && r->state != STATE_ACCEPTED && r->state != STATE_EDITED)
        return record_state_name(r->state);
    const char *reason = filter_reason(sel, r);
    if (reason)
        return reason;
    if ((sel->needs & NEEDS_PROMPT) && !r->prompt.count)
        return "without a prompt";
    if ((sel->needs & NEEDS_Y0) && !stored_y0(r))
        return "without y0";
    return (sel->needs & NEEDS_Y_STAR) && !stored_y_star(r) ? "without y*" : NULL;
}
