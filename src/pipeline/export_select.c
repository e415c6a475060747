#include "pipeline/export_select.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/map.h"
#include "base/mem.h"
#include "db/decision_store.h"
#include "domain/agreement.h"

struct selection {
    const struct export_options *options;
    unsigned needs;
    /* Votes by record; a rule kept, whatever its words, is one verdict. NULL: not asked for. */
    struct map *records;
    struct agreement_unit *units;
    size_t n_units, cap;
    char below[48];
};

static struct agreement_unit *unit_of(struct selection *sel, int64_t record)
{
    uint64_t at = map_intern(sel->records, (struct slice){(const char *)&record, sizeof record});
    if (at == sel->n_units) {
        sel->units = array_reserve(sel->units, &sel->cap, sel->n_units + 1, sizeof *sel->units);
        sel->units[sel->n_units++] = (struct agreement_unit){.votes = {0}};
    }
    assert(sel->units && at < sel->n_units);
    return &sel->units[at];
}

static int count_vote(void *context, const struct decision_row *row)
{
    int state = verb_state(row->d.verb);
    if (state >= 0 && agreement_is_vote((enum record_state)state))
        unit_of(context, row->d.record)->votes[agreement_kept((enum record_state)state)]++;
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
        sel->records = map_new();
        if (decision_store_current(s, 0, count_vote, sel, err) != 0) {
            selection_free(sel);
            return NULL;
        }
    }
    return sel;
}

void selection_free(struct selection *sel)
{
    map_free(sel->records);
    mem_free(sel->units);
    mem_free(sel);
}

static const char *agreement_reason(struct selection *sel, const struct stored_record *r)
{
    const struct agreement_unit *u = unit_of(sel, r->id);
    if (!agreement_is_vote(r->state) || agreement_votes(u) < 2)
        return "judged by one reviewer alone";
    double share = agreement_share(u, agreement_kept(r->state));
    return share < sel->options->min_agreement ? sel->below : NULL;
}

/* "learn" is what may be learned from: all that is not held out. */
static bool split_fits(const char *wanted, const char *split)
{
    if (strcmp(wanted, "learn") == 0)
        return strcmp(split, "valid") != 0 && strcmp(split, "test") != 0;
    return strcmp(wanted, split) == 0;
}

static const char *filter_reason(struct selection *sel, const struct stored_record *r)
{
    const struct export_options *o = sel->options;
    if (o->split && !split_fits(o->split, r->split ? r->split : "none"))
        return "of another split";
    if (o->reviewer && (!r->reviewer_name || strcmp(o->reviewer, r->reviewer_name) != 0))
        return r->reviewer_name ? "decided by another reviewer" : "undecided";
    if (o->since && r->decided < o->since)
        return r->decided ? "decided earlier" : "undecided";
    return sel->records ? agreement_reason(sel, r) : NULL;
}

/* A record that refinement could not make perfect waits for an expert's y*, whatever y* it had before. */
static const char *y_star_reason(const struct stored_record *r)
{
    const struct stored_output *y_star = stored_y_star(r);
    if (r->imperfect && (!y_star || y_star->kind != OUTPUT_EXPERT))
        return "imperfect: refinement did not reach the top score";
    return y_star ? NULL : "without y*";
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
    return sel->needs & NEEDS_Y_STAR ? y_star_reason(r) : NULL;
}
