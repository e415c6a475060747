/* The lines of the rule pane: the rule, what became of it, and what would follow from storing
 * it. */
#include <stdio.h>
#include <string.h>

#include "app/returns.h"
#include "db/eval_store.h"
#include "ui/views/review_state.h"
#include "ui/views/rule_worth.h"

enum { LABEL = 11, GUTTER = 2 };

void review_fields_clear(struct review_fields *f)
{
    for (size_t i = 0; i < f->count; i++) {
        str_free(&f->items[i].text);
        flow_free(&f->items[i].flow);
    }
    *f = (struct review_fields){0};
}

static unsigned text_width(const struct review *v)
{
    int cols = v->layout.panes[PANE_RULE].cols - GUTTER - LABEL - 1;
    return cols > 8 ? (unsigned)cols : 8;
}

/* A new line, or the last one when the pane holds no more. */
static struct review_field *add_line(struct review *v, const char *label, enum look look)
{
    struct review_fields *f = &v->rule;
    if (f->count == REVIEW_FIELDS)
        f->count--;
    struct review_field *line = &f->items[f->count++];
    str_free(&line->text);
    flow_clear(&line->flow);
    snprintf(line->label, sizeof line->label, "%s", label);
    line->look = look;
    line->cites = 0;
    return line;
}

static void finish_line(struct review *v, struct review_field *line)
{
    line->flow.ascii = v->ascii;
    flow_plain(&line->flow, str_slice(&line->text));
    flow_layout(&line->flow, text_width(v), true);
}

static void add_text(struct review *v, const char *label, const char *text, enum look look)
{
    struct review_field *line = add_line(v, label, look);
    str_adds(&line->text, text ? text : "");
    finish_line(v, line);
}

/* Words of a rule that an expert changed stand as a diff against the machine's. */
static void add_changed(struct review *v, const char *label, const char *before, const char *now)
{
    if (!before || !now || strcmp(before, now) == 0) {
        add_text(v, label, now, LOOK_TEXT);
        return;
    }
    struct review_field *line = add_line(v, label, LOOK_TEXT);
    review_word_diff(&line->text, &line->flow, slice_of(before), slice_of(now), v->signs, v->ascii);
    flow_layout(&line->flow, text_width(v), true);
}

/* A short diff as a flow of its own. text gets the bytes of both, which the flow borrows; signs are
 * written even on a colour terminal when there are no others to tell by. */
void review_word_diff(struct str *text, struct flow *f, struct slice before, struct slice now,
                      bool signs, bool ascii)
{
    static const struct flow_lights none[2];
    struct diff *d = diff_texts(before, now, DIFF_READABLE);
    str_clear(text);
    str_add_slice(text, before);
    str_add_slice(text, now);
    struct flow_diff in = {.a = slice_sub(str_slice(text), 0, before.len),
                           .b = slice_sub(str_slice(text), before.len, text->len),
                           .diff = d,
                           .lights = none,
                           .signs = signs,
                           .ascii = ascii};
    flow_unified(f, &in);
    diff_free(d);
}

static const struct stored_candidate *candidate_of(const struct review *v)
{
    return v->m.record.n_candidates ? &v->m.record.candidates[0] : NULL;
}

struct rule_typed review_rule_now(const struct review *v)
{
    const struct stored_record *r = &v->m.record;
    if (v->mode == MODE_RULE)
        return (struct rule_typed){str_slice(&v->form.mistake.text),
                                   str_slice(&v->form.guardrail.text)};
    if (r->n_rules)
        return (struct rule_typed){slice_of(r->rules[0].mistake), slice_of(r->rules[0].guardrail)};
    const struct stored_candidate *c = candidate_of(v);
    if (c)
        return (struct rule_typed){slice_of(c->mistake), slice_of(c->guardrail)};
    return (struct rule_typed){{0}, {0}};
}

/* What the rule would stand beside: asked of the library once for each wording. Where no rule was
 * distilled the rationale is what a rule would say. */
void review_alike_refresh(struct review *v)
{
    struct rule_typed rule = review_rule_now(v);
    if (!rule.guardrail.len && v->mode != MODE_RULE)
        rule.guardrail = v->m.rationale;
    struct error err = {0};
    alike_free(&v->alike);
    if (rule.guardrail.len &&
        alike_find(v->session, rule, v->m.record.id, &v->alike, &err) != 0)
        review_say(v, LOOK_BAD, err.text);
    v->alike_fresh = true;
}

/* What training showed the rule to be worth. */
static void add_worth(struct review *v, int64_t rule)
{
    struct rule_worth worth;
    if (!rule || eval_store_worth_of(session_store(v->session), rule, &worth, NULL) != 1)
        return;
    struct review_field *line = add_line(v, "worth", LOOK_DIM);
    line->look = rule_worth_say(&line->text, &worth, v->ascii);
    finish_line(v, line);
}

static void add_rules(struct review *v)
{
    const struct stored_record *r = &v->m.record;
    const struct stored_candidate *c = candidate_of(v);
    for (size_t i = 0; i < r->n_rules; i++) {
        char number[20];
        snprintf(number, sizeof number, "rule #%lld", (long long)r->rules[i].id);
        bool only = r->n_rules == 1 && c;
        if (r->n_rules > 1)
            add_text(v, number, r->rules[i].mistake, LOOK_TEXT);
        else
            add_changed(v, "mistake", only ? c->mistake : NULL, r->rules[i].mistake);
        add_changed(v, "guardrail", only ? c->guardrail : NULL, r->rules[i].guardrail);
        add_worth(v, r->rules[i].id);
    }
    if (r->n_rules)
        return;
    if (c) {
        add_text(v, "mistake", c->mistake, LOOK_TEXT);
        add_text(v, "guardrail", c->guardrail, LOOK_STRONG);
        add_worth(v, c->rule);
    } else {
        add_text(v, "", "no rule was distilled for this record: e writes one", LOOK_DIM);
    }
}

void review_find_origin(struct review *v)
{
    struct error err = {0};
    int64_t eval, original;
    str_clear(&v->origin);
    if (returns_origin(session_store(v->session), v->m.record.id, &v->origin, &eval, &original, &err) < 0)
        review_say(v, LOOK_BAD, err.text);
}

/* A failure that an eval sent back: who wrote y0. */
static void add_origin(struct review *v)
{
    if (v->origin.len)
        add_text(v, "y0 by", str_z(&v->origin), LOOK_STRONG);
}

static void add_fate(struct review *v)
{
    const struct stored_record *r = &v->m.record;
    if (r->state == STATE_REJECTED && r->reason)
        add_text(v, "rejected", r->reason, LOOK_BAD);
    if (r->note && *r->note)
        add_text(v, r->state == STATE_FLAGGED ? "flagged" : "note", r->note, LOOK_WARN);
}

static bool is_cited(const struct review *v, int64_t rule)
{
    for (size_t i = 0; i < v->m.record.n_rules; i++)
        if (v->m.record.rules[i].id == rule)
            return true;
    return false;
}

static void add_alike(struct review *v)
{
    enum { SHOWN = 4 };
    size_t shown = 0;
    for (size_t i = 0; i < v->alike.count && shown < SHOWN; i++) {
        const struct alike_rule *a = &v->alike.rules[i];
        if (is_cited(v, a->rule) && !a->contradicts)
            continue; /* it is the rule that stands above */
        struct review_field *line = add_line(v, a->contradicts ? "opposes" : "like it",
                                             a->contradicts ? LOOK_WARN : LOOK_DIM);
        str_addf(&line->text, "#%lld %s  %lld use%s", (long long)a->rule,
                 a->guardrail ? a->guardrail : "", (long long)a->uses, a->uses == 1 ? "" : "s");
        struct rule_worth worth;
        if (eval_store_worth_of(session_store(v->session), a->rule, &worth, NULL) == 1) {
            str_adds(&line->text, "  ");
            rule_worth_say(&line->text, &worth, v->ascii);
        }
        line->cites = a->rule;
        finish_line(v, line);
        shown++;
    }
}

void review_rule_lines(struct review *v)
{
    if (!v->alike_fresh)
        review_alike_refresh(v);
    review_fields_clear(&v->rule);
    if (v->mode != MODE_RULE) {
        add_origin(v);
        add_rules(v);
        add_fate(v);
    }
    add_alike(v);
    if (v->line >= (int)v->rule.count || (v->line >= 0 && !v->rule.items[v->line].cites))
        v->line = -1;
}

/* "cite #12": the rule under the cursor, or the first that could be; NULL when none could. */
const char *review_cite_hint(const struct review *v, char *out, size_t size)
{
    int line = v->line;
    for (size_t i = 0; line < 0 && i < v->rule.count; i++)
        if (v->rule.items[i].cites)
            line = (int)i;
    if (line < 0)
        return NULL;
    snprintf(out, size, "cite #%lld", (long long)v->rule.items[line].cites);
    return out;
}

void review_rule_head(struct review *v, struct str *left, struct str *right)
{
    const struct stored_candidate *c = candidate_of(v);
    if (v->mode == MODE_RULE) {
        str_addf(left, "· %s ", v->form.second ? "one more" : c ? "editing" : "writing");
    } else if (v->m.record.n_rules) {
        str_addf(left, "· #%lld", (long long)v->m.record.rules[0].id);
        str_addf(left, " %s ", v->m.record.reviewer_name ? v->m.record.reviewer_name : "");
    } else if (c && c->author) {
        str_addf(left, "· %s", c->author);
        if (c->prompt_hash)
            str_addf(left, ", prompt %.8s", c->prompt_hash);
        str_addc(left, ' ');
    }
    if (v->alike.fits)
        str_addf(right, " may fit %zu%s undecided ", v->alike.fits, v->alike.fits_more ? "+" : "");
}
