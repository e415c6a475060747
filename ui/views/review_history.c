/* The history drawer: who did what and when, with the words changed between machine and human. */
#include <string.h>

#include "base/clock.h"
#include "db/decision_store.h"
#include "ui/views/review_state.h"

/* Runs are noted while the text still grows, and added when it has stopped moving. */
struct gather {
    struct review *v;
    struct flow runs;
};

static void say(struct gather *g, enum flow_kind kind, struct slice text)
{
    struct str *s = &g->v->history;
    uint32_t from = (uint32_t)s->len;
    str_add_slice(s, text);
    g->runs.texts[FLOW_A] = str_slice(s);
    flow_add(&g->runs, (struct flow_run){.from = from, .to = (uint32_t)s->len, .hunk = -1,
                                         .kind = (uint8_t)kind});
}

static void say_diff(struct gather *g, const char *before, const char *after)
{
    struct slice a = slice_of(before), b = slice_of(after);
    struct diff *d = diff_texts(a, b, DIFF_READABLE);
    for (size_t i = 0; i < d->n_ops; i++) {
        const struct diff_op *op = &d->ops[i];
        bool gone = op->kind == DIFF_DELETE;
        struct slice words =
            gone ? slice_sub(a, op->a_from, op->a_to) : slice_sub(b, op->b_from, op->b_to);
        if (op->kind != DIFF_KEEP && g->v->signs)
            say(g, FLOW_NOTE, gone ? SLICE("[-") : SLICE("{+"));
        say(g, gone ? FLOW_DELETE : op->kind == DIFF_INSERT ? FLOW_INSERT : FLOW_KEEP, words);
        if (op->kind != DIFF_KEEP && g->v->signs)
            say(g, FLOW_NOTE, gone ? SLICE("-]") : SLICE("+}"));
    }
    diff_free(d);
}

static int add_row(void *context, const struct decision_row *row)
{
    struct gather *g = context;
    char when[CLOCK_ISO_MAX];
    struct str line = {0};
    if (g->v->history.len)
        say(g, FLOW_KEEP, SLICE("\n"));
    str_addf(&line, "%.16s  %s  ", clock_iso(row->d.created, when),
             row->reviewer ? row->reviewer : "?");
    if (line.len > 10)
        line.at[10] = ' '; /* the T of ISO 8601 */
    say(g, FLOW_NOTE, str_slice(&line));
    str_clear(&line);
    str_adds(&line, verb_name(row->d.verb));
    if (row->d.rule)
        str_addf(&line, " #%lld", (long long)row->d.rule);
    if (row->d.reason)
        str_addf(&line, ": %s", row->d.reason);
    if (row->d.note)
        str_addf(&line, ": %s", row->d.note);
    if (!row->effective && row->d.verb != VERB_UNDO && row->d.verb != VERB_REDO)
        str_adds(&line, " (taken back)");
    say(g, FLOW_KEEP, str_slice(&line));
    str_free(&line);
    if (row->d.verb == VERB_EDIT && row->candidate_guardrail && row->rule_guardrail) {
        say(g, FLOW_KEEP, SLICE("\n    "));
        say_diff(g, row->candidate_guardrail, row->rule_guardrail);
    } else if (row->rule_guardrail && verb_state(row->d.verb) >= 0) {
        say(g, FLOW_NOTE, SLICE("\n    "));
        say(g, FLOW_NOTE, slice_of(row->rule_guardrail));
    }
    return 0;
}

void review_history_load(struct review *v)
{
    struct gather g = {.v = v};
    struct error err = {0};
    str_clear(&v->history);
    flow_clear(&v->history_flow);
    if (decision_store_history(session_store(v->session), v->m.record.id, add_row, &g, &err) < 0)
        review_say(v, LOOK_BAD, err.text);
    v->history_flow.ascii = v->ascii;
    v->history_flow.texts[FLOW_A] = str_slice(&v->history);
    for (size_t i = 0; i < g.runs.n_runs; i++)
        flow_add(&v->history_flow, g.runs.runs[i]);
    flow_free(&g.runs);
}
