#include "pipeline/distill_fields.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "pipeline/step_refine.h"
#include "text/diff.h"
#include "text/hinge.h"

enum { LIBRARY_MAX = 8 };

/* What y0 was corrected to: y*, else the best of the rounds. */
static const struct loop_output *corrected(const struct loop_record *r, bool *imperfect)
{
    const struct loop_output *best = NULL;
    for (size_t i = 0; i < r->n_outputs; i++) {
        const struct loop_output *o = &r->outputs[i];
        if (o->kind != OUTPUT_Y0 && o->kind != OUTPUT_ROUND) {
            *imperfect = false;
            return o;
        }
        if (o->kind == OUTPUT_ROUND && (!best || !best->graded || o->normalised >= best->normalised))
            best = o;
    }
    *imperfect = true;
    return best;
}

static const struct loop_output *first_output(const struct loop_record *r)
{
    for (size_t i = 0; i < r->n_outputs; i++)
        if (r->outputs[i].kind == OUTPUT_Y0 && r->outputs[i].sample == 0)
            return &r->outputs[i];
    return NULL;
}

static void read_rationales(struct str *out, const struct loop_record *r)
{
    size_t n;
    struct refine_round *rounds = refine_rounds(r, &n);
    refine_history(out, rounds, n);
    mem_free(rounds);
}

/* The bytes from the first to the last lit token of a hunk on one side. */
static struct slice lit_words(const struct hinges *h, int hunk, enum hinge_side side, struct slice text,
                              unsigned *reasons)
{
    size_t from = text.len, to = 0;
    for (size_t i = 0; i < h->count; i++) {
        const struct hinge *t = &h->items[i];
        if (t->hunk != hunk || t->side != side || !t->lit)
            continue;
        from = t->from < from ? t->from : from;
        to = t->to > to ? t->to : to;
        *reasons |= t->reasons;
    }
    return to > from ? slice_sub(text, from, to) : SLICE("");
}

static void add_hinges(struct str *out, const struct hinges *h, struct slice y0, struct slice y_star)
{
    for (size_t hunk = 0; hunk < h->n_hunks; hunk++) {
        unsigned reasons = 0;
        struct slice was = lit_words(h, (int)hunk, HINGE_Y0, y0, &reasons);
        struct slice is = lit_words(h, (int)hunk, HINGE_Y_STAR, y_star, &reasons);
        if (was.len == 0 && is.len == 0)
            continue;
        str_adds(out, out->len ? "\n- " : "- ");
        str_addf(out, "\"%.*s\" became \"%.*s\" (", (int)was.len, was.at, (int)is.len, is.at);
        hinge_reasons(out, reasons);
        str_addc(out, ')');
    }
}

static void read_hinges(struct distill_matter *m, const struct loop_output *y0)
{
    struct slice a = slice_of(m->y0), b = slice_of(m->y_star);
    struct hinge_span *spans = mem_zalloc(y0->n_spans + 1, sizeof *spans);
    for (size_t i = 0; i < y0->n_spans; i++)
        spans[i] = (struct hinge_span){utf8_offset(a, y0->spans[i].start), utf8_offset(a, y0->spans[i].end)};
    struct hinge_input in = {.prompt = str_slice(&m->prompt),
                             .y0 = a,
                             .y_star = b,
                             .rationale = slice_of(y0->rationale),
                             .spans = spans,
                             .n_spans = y0->n_spans};
    struct diff *exact = diff_texts(a, b, DIFF_EXACT);
    struct hinges *h = hinges_find(&in, exact);
    add_hinges(&m->hinges, h, a, b);
    hinges_free(h);
    diff_free(exact);
    mem_free(spans);
}

static int read_library(struct distill_matter *m, struct store *s, struct error *err)
{
    struct rules rules = {0};
    if (rule_store_alike(s, str_slice(&m->rationales), LIBRARY_MAX, &rules, err) != 0)
        return -1;
    for (size_t i = 0; i < rules.count; i++) {
        const struct rule *r = &rules.items[i];
        str_addf(&m->library, "%s%lld. %s -> %s (cited by %lld record%s)", i ? "\n" : "", (long long)r->id,
                 r->mistake ? r->mistake : "", r->guardrail ? r->guardrail : "", (long long)r->uses,
                 r->uses == 1 ? "" : "s");
    }
    rules_free(&rules);
    return 0;
}

int distill_matter_read(struct distill_matter *m, struct store *s, const struct loop_record *r, struct error *err)
{
    const struct loop_output *y0 = first_output(r), *better = corrected(r, &m->imperfect);
    if (!y0)
        return error_set(err, ERR_ABSENT, "the record has no y0");
    if (!better)
        return error_set(err, ERR_ABSENT, "the record has neither y* nor a refined round: refine it first");
    read_rationales(&m->rationales, r);
    if (m->rationales.len == 0)
        return error_set(err, ERR_ABSENT, "the record has no rationale: grade it first");
    m->y0 = y0->text;
    m->y_star = better->text;
    prompt_text(&m->prompt, &r->prompt);
    distill_diff(&m->diff, slice_of(m->y0), slice_of(m->y_star));
    read_hinges(m, y0);
    return read_library(m, s, err);
}

void distill_matter_free(struct distill_matter *m)
{
    str_free(&m->prompt);
    str_free(&m->rationales);
    str_free(&m->diff);
    str_free(&m->hinges);
    str_free(&m->library);
}

static const char schema[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"mistake\":{\"type\":\"string\",\"description\":\"the mistake, general and short\"},"
    "\"guardrail\":{\"type\":\"string\",\"description\":\"what to do instead, general and short\"},"
    "\"rule\":{\"type\":\"integer\",\"description\":\"number of the library's rule that says this already, or 0\"}},"
    "\"required\":[\"mistake\",\"guardrail\",\"rule\"],\"additionalProperties\":false}";

int distill_question(struct inquiry_spec *spec, struct distill_words *w, const struct prompts *p,
                     const struct endpoint *model, const struct loop_record *r, const struct distill_matter *m,
                     const struct distill_refusal *before, int attempt, struct error *err)
{
    const struct template_field fields[] = {
        {"task", slice_of(r->task)},
        {"prompt", str_slice(&m->prompt)},
        {"y0", slice_of(m->y0)},
        {"y_star", slice_of(m->y_star)},
        {"imperfect", m->imperfect ? SLICE("yes") : SLICE("")},
        {"rationales", str_slice(&m->rationales)},
        {"diff", str_slice(&m->diff)},
        {"hinges", str_slice(&m->hinges)},
        {"library", str_slice(&m->library)},
        {"refused", str_slice(&before->why)},
        {"refused_mistake", str_slice(&before->mistake)},
        {"refused_guardrail", str_slice(&before->guardrail)},
    };
    if (template_fill(p->distill, fields, sizeof fields / sizeof *fields, &w->system, &w->user, err) != 0)
        return -1;
    size_t n = 0;
    if (w->system.len)
        w->messages[n++] = (struct chat_message){"system", w->system.at};
    w->messages[n++] = (struct chat_message){"user", str_z(&w->user)};
    str_addf(&w->label, "distill %s %d", r->key, attempt + 1);
    *spec = (struct inquiry_spec){.endpoint = model,
                                  .messages = w->messages,
                                  .n_messages = n,
                                  .prompt_hash = template_hash(p->distill),
                                  .label = w->label.at,
                                  .schema = schema,
                                  .schema_name = "rule"};
    return 0;
}

void distill_words_free(struct distill_words *w)
{
    str_free(&w->system);
    str_free(&w->user);
    str_free(&w->label);
}
