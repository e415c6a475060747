/* One record for hinge-train score, and what it answers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/hinge_find.h"
#include "app/weigh.h"
#include "base/mem.h"
#include "pipeline/strategy.h"

/* --- the record --- */

static void add_lit(struct weighed *w, size_t from, size_t to)
{
    w->lit[w->n_lit++] = (struct hinge_span){from, to};
}

/* A group of changes with words of y0 that decided, and none of y*'s. */
static bool only_in_y0(const struct hinges *found, const struct hinge *h)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].hunk == h->hunk && found->items[i].lit && found->items[i].side == HINGE_Y_STAR)
            return false;
    return h->lit && h->side == HINGE_Y0;
}

/* Words of y0 that were taken out decide at the place in y* where they stood. */
static void add_gaps(struct weighed *w, const struct hinges *found, const struct diff *exact)
{
    for (size_t i = 0; i < exact->n_ops; i++) {
        const struct diff_op *op = &exact->ops[i];
        bool lit = false;
        for (size_t k = 0; op->kind == DIFF_DELETE && k < found->count; k++) {
            const struct hinge *h = &found->items[k];
            lit |= h->from < op->a_to && op->a_from < h->to && only_in_y0(found, h);
        }
        if (lit)
            add_lit(w, op->b_from, op->b_from + 1);
    }
}

static void find_lit(struct weighed *w)
{
    struct hinges *found = record_hinges(&w->record);
    struct diff *exact = diff_texts(slice_of(w->y0), slice_of(w->y_star), DIFF_EXACT);
    w->lit = mem_zalloc(found->count + exact->n_ops + 1, sizeof *w->lit);
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].lit && found->items[i].side == HINGE_Y_STAR)
            add_lit(w, found->items[i].from, found->items[i].to);
    add_gaps(w, found, exact);
    diff_free(exact);
    hinges_free(found);
}

int weighed_load(struct weighed *out, struct store *s, int64_t id, struct error *why)
{
    *out = (struct weighed){0};
    if (record_store_load(s, id, &out->record, why) < 0)
        return -1;
    const struct stored_output *y0 = stored_y0(&out->record), *y_star = stored_y_star(&out->record);
    if (!y_star || !y_star->text[0])
        return error_set(why, ERR_ABSENT, "it has no y*");
    if (!out->record.prompt.count)
        return error_set(why, ERR_ABSENT, "it has no prompt");
    if (!out->record.n_rules)
        return error_set(why, ERR_ABSENT, "it cites no rule any more");
    out->y0 = y0 ? y0->text : "";
    out->y_star = y_star->text;
    find_lit(out);
    return 0;
}

void weighed_free(struct weighed *w)
{
    stored_record_free(&w->record);
    mem_free(w->lit);
    *w = (struct weighed){0};
}

/* --- the line --- */

static void add_branch(struct json *list, const char *kind, const char *think, const char *text)
{
    struct json *j = json_new_object();
    json_set_string(j, "kind", kind);
    json_set_string(j, "think", think);
    json_set_string(j, "text", text);
    json_push(list, j);
}

void weighed_line(struct str *out, const struct weighed *w)
{
    struct json *j = json_new_object(), *messages = json_new_array(), *branches = json_new_array();
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)w->record.id);
    json_set_string(j, "id", id);
    for (size_t i = 0; i < w->record.prompt.count; i++) {
        struct json *m = json_new_object();
        json_set_string(m, "role", w->record.prompt.messages[i].role);
        json_set_string(m, "content", w->record.prompt.messages[i].content);
        json_push(messages, m);
    }
    json_set(j, "prompt", messages);
    add_branch(branches, "A", "", w->y_star);
    for (size_t i = 0; i < w->record.n_rules; i++) {
        struct rule_text words = {w->record.rules[i].mistake, w->record.rules[i].guardrail};
        struct str strategy = {0};
        strategy_print(&strategy, &words, 1);
        add_branch(branches, "B", str_z(&strategy), w->y_star);
        str_free(&strategy);
    }
    if (w->y0[0])
        add_branch(branches, "Y0", "", w->y0);
    json_set(j, "branches", branches);
    json_print(out, j);
    str_addc(out, '\n');
    json_free(j);
}

/* --- the answer --- */

struct scored { /* the tokens of one branch, walked together */
    const struct json *logprob, *entropy, *bytes;
    int64_t skip; /* tokens of the strategy */
};

static bool is_lit(const struct weighed *w, size_t from, size_t to)
{
    for (size_t i = 0; i < w->n_lit; i++)
        if (w->lit[i].from < to && from < w->lit[i].to)
            return true;
    return false;
}

static void step(struct scored *s)
{
    s->logprob = json_next(s->logprob);
    s->entropy = json_next(s->entropy);
    s->bytes = json_next(s->bytes);
}

/* Sums one branch; lit says whose hinges count (NULL: none). Offsets are those of the tokens' own bytes, which make up the
 * text. detail NULL: none wanted. */
static bool sum_branch(const struct json *branch, const struct weighed *lit, struct eval_nats *out, struct str *detail)
{
    struct scored s = {json_first(json_get(branch, "logprob")), json_first(json_get(branch, "entropy")),
                       json_first(json_get(branch, "bytes")), 0};
    size_t at = 0;
    double entropy = 0;
    (void)json_int(json_get(branch, "strategy_tokens"), &s.skip);
    for (; s.logprob && s.entropy && s.bytes; step(&s)) {
        size_t to = at + (size_t)json_number(s.bytes, 0);
        double nats = -json_number(s.logprob, 0), uncertain = json_number(s.entropy, 0);
        if (s.skip-- > 0)
            continue;
        if (detail)
            str_addf(detail, "%s[%zu,%zu,%.4g,%.4g]", detail->len ? "," : "[", at, to, nats, uncertain);
        out->tokens++;
        out->nats += nats;
        entropy += uncertain;
        if (lit && is_lit(lit, at, to)) {
            out->hinge_tokens++;
            out->hinge_nats += nats;
        }
        at = to;
    }
    if (detail)
        str_addc(detail, ']');
    out->entropy = out->tokens ? entropy / (double)out->tokens : 0;
    return out->tokens > 0 && isfinite(out->nats) && !s.logprob;
}

static const char *keep(struct arena *a, struct str *text)
{
    const char *kept = arena_strndup(a, str_z(text), text->len);
    str_free(text);
    return kept;
}

/* What the i-th branch of the line is. */
static int64_t rule_of(const struct weighed *w, size_t i)
{
    return i == 0 ? NATS_PLAIN : i <= w->record.n_rules ? w->record.rules[i - 1].id : NATS_Y0;
}

int weighed_read(const struct weighed *w, int64_t eval, const struct json *answer, struct eval_nats *list, size_t *n,
                 struct arena *arena, struct error *err)
{
    size_t want = 1 + w->record.n_rules + (w->y0[0] != '\0');
    *n = 0;
    for (const struct json *b = json_first(json_get(answer, "branches")); b && *n < want; b = json_next(b)) {
        struct eval_nats *out = &list[*n];
        struct str detail = {0};
        int64_t rule = rule_of(w, *n);
        *out = (struct eval_nats){.eval = eval, .record = w->record.id, .rule = rule};
        bool fine = sum_branch(b, rule == NATS_Y0 ? NULL : w, out, rule > 0 ? NULL : &detail);
        out->detail = rule > 0 ? NULL : keep(arena, &detail);
        if (!fine)
            return error_set(err, ERR_INPUT, "its log-probabilities are no numbers");
        ++*n;
    }
    return *n == want ? 0 : error_set(err, ERR_INPUT, "hinge-train score did not answer for all of it");
}
