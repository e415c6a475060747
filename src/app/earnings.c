#include "app/earnings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/map.h"
#include "base/mem.h"
#include "db/prompt_store.h"
#include "text/diff.h"

struct reading {
    struct earnings *out;
    struct map *index;   /* a row's key: where it stands in sums */
    struct sum {         /* of one row's edits */
        double changed;
        int64_t edits;
        struct earning_reason *reasons;
        size_t n_reasons, reasons_cap;
    } *sums;
    size_t sums_cap, prompts_cap, graders_cap;
};

static const char *copy(struct reading *r, const char *text)
{
    return arena_copy(&r->out->arena, slice_of(text)).at;
}

/* ---- edits ----------------------------------------------------------------------------------- */

/* Appends the words of text with a blank between them, so that neither layout nor punctuation weighs; their number. */
static size_t add_words(struct str *out, struct slice text)
{
    size_t n = 0;
    for (size_t at = 0, step; at < text.len; at += step) {
        enum token_class class;
        step = segment_step(text, at, &class);
        if (class != TOKEN_WORD && class != TOKEN_NUMBER)
            continue;
        if (n++)
            str_addc(out, ' ');
        str_add(out, text.at + at, step);
    }
    return n;
}

static size_t count_words(struct slice text, size_t from, size_t to)
{
    struct str words = {0};
    size_t n = add_words(&words, slice_sub(text, from, to));
    str_free(&words);
    return n;
}

double earnings_changed(struct slice before, struct slice after)
{
    struct str a = {0}, b = {0};
    size_t all = add_words(&a, before) + add_words(&b, after), changed = 0;
    struct diff *d = diff_texts(str_slice(&a), str_slice(&b), DIFF_EXACT);
    for (size_t i = 0; i < d->n_ops; i++) {
        const struct diff_op *op = &d->ops[i];
        if (op->kind != DIFF_KEEP)
            changed += count_words(str_slice(&a), op->a_from, op->a_to) + count_words(str_slice(&b), op->b_from, op->b_to);
    }
    diff_free(d);
    str_free(&a);
    str_free(&b);
    return all ? (double)changed / (double)all : 0;
}

/* ---- prompts --------------------------------------------------------------------------------- */

/* Hash, model and task, each after its length, so that no two rows have the same key whatever a model is called. */
static void row_key(struct str *key, const struct prompt_earning *e)
{
    const char *const parts[] = {e->prompt_hash, e->model, e->task};
    str_clear(key);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        str_addf(key, "%zu:%s;", parts[i] ? strlen(parts[i]) : 0, parts[i] ? parts[i] : "");
}

static double share(double part, double all)
{
    return all > 0 ? part / all : -1;
}

static int read_prompt(void *context, const struct prompt_earning *e)
{
    struct reading *r = context;
    struct earnings *out = r->out;
    struct str key = {0};
    row_key(&key, e);
    map_put(r->index, str_slice(&key), out->n_prompts);
    str_free(&key);
    out->prompts = array_reserve(out->prompts, &r->prompts_cap, out->n_prompts + 1, sizeof *out->prompts);
    r->sums = array_reserve(r->sums, &r->sums_cap, out->n_prompts + 1, sizeof *r->sums);
    r->sums[out->n_prompts] = (struct sum){.edits = 0};
    out->prompts[out->n_prompts++] = (struct earning_prompt){
        .hash = copy(r, e->prompt_hash),
        .name = copy(r, e->prompt_name),
        .model = copy(r, e->model),
        .task = copy(r, e->task),
        .candidates = e->candidates,
        .accepted = e->accepted,
        .edited = e->edited,
        .rejected = e->rejected,
        .other = e->other,
        .undecided = e->undecided,
    };
    return 0;
}

static struct sum *sum_of(struct reading *r, const struct prompt_earning *e)
{
    struct str key = {0};
    uint64_t at = 0;
    row_key(&key, e);
    bool known = map_get(r->index, str_slice(&key), &at);
    str_free(&key);
    return known ? &r->sums[at] : NULL;
}

static int read_edit(void *context, const struct prompt_earning *of, struct slice before, struct slice after)
{
    struct sum *sum = sum_of(context, of);
    if (sum) {
        sum->changed += earnings_changed(before, after);
        sum->edits++;
    }
    return 0;
}

/* Reasons are stored as "WORD" or "WORD: in the expert's own words"; the word alone is counted. */
static int read_reason(void *context, const struct prompt_earning *of, const char *reason, int64_t times)
{
    struct reading *r = context;
    struct sum *sum = sum_of(r, of);
    struct slice word = slice_sub(slice_of(reason), 0, strcspn(reason, ":"));
    if (word.len == 0)
        word = SLICE("other");
    for (size_t i = 0; sum && i < sum->n_reasons; i++)
        if (slice_is(word, sum->reasons[i].word)) {
            sum->reasons[i].times += times;
            return 0;
        }
    if (sum) {
        sum->reasons = array_reserve(sum->reasons, &sum->reasons_cap, sum->n_reasons + 1, sizeof *sum->reasons);
        sum->reasons[sum->n_reasons++] =
            (struct earning_reason){.word = arena_copy(&r->out->arena, word).at, .times = times};
    }
    return 0;
}

static int by_times(const void *a, const void *b)
{
    const struct earning_reason *x = a, *y = b;
    if (x->times != y->times)
        return x->times < y->times ? 1 : -1;
    return strcmp(x->word, y->word);
}

/* What the row's candidates were worth, word for word: all of one accepted, none of one rejected. */
static void settle(struct reading *r, struct earning_prompt *p, struct sum *sum)
{
    int64_t judged = p->accepted + p->edited + p->rejected;
    p->changed = share(sum->changed, (double)sum->edits);
    p->kept = share((double)(p->accepted + p->edited), (double)judged);
    double lost = sum->edits ? (double)p->edited * p->changed : 0;
    p->earns = share((double)(p->accepted + p->edited) - lost, (double)judged);
    p->n_reasons = sum->n_reasons;
    p->reasons = arena_take(&r->out->arena, sum->reasons, sum->n_reasons, sizeof *sum->reasons);
    if (p->n_reasons)
        qsort(p->reasons, p->n_reasons, sizeof *p->reasons, by_times);
}

static int by_names(const struct earning_prompt *x, const struct earning_prompt *y)
{
    const char *const a[] = {x->task, x->name, x->hash, x->model}, *const b[] = {y->task, y->name, y->hash, y->model};
    int order = 0;
    for (size_t i = 0; i < sizeof a / sizeof *a && order == 0; i++)
        order = strcmp(a[i], b[i]);
    return order;
}

static int by_earns(const void *a, const void *b)
{
    const struct earning_prompt *x = a, *y = b;
    if (x->earns != y->earns)
        return x->earns < y->earns ? 1 : -1;
    if (x->candidates != y->candidates)
        return x->candidates < y->candidates ? 1 : -1;
    return by_names(x, y);
}

static int read_prompts(struct reading *r, struct store *s, struct error *err)
{
    return prompt_store_earnings(s, read_prompt, r, err) != 0 || prompt_store_edits(s, read_edit, r, err) != 0 ||
                   prompt_store_reasons(s, read_reason, r, err) != 0
               ? -1
               : 0;
}

/* ---- graders --------------------------------------------------------------------------------- */

static int read_grader(void *context, const struct grader_earning *e)
{
    struct reading *r = context;
    struct earnings *out = r->out;
    out->graders = array_reserve(out->graders, &r->graders_cap, out->n_graders + 1, sizeof *out->graders);
    out->graders[out->n_graders++] = (struct earning_grader){
        .grader = copy(r, e->grader),
        .model = copy(r, e->model),
        .hash = copy(r, e->prompt_hash),
        .task = copy(r, e->task),
        .verdicts = e->verdicts,
        .failed = e->failed,
        .judged = e->judged,
        .agreed = e->agreed,
        .missed = e->missed,
        .invented = e->invented,
        .agreement = share((double)e->agreed, (double)e->judged),
        .spread = e->spread,
    };
    return 0;
}

static int by_judged(const void *a, const void *b)
{
    const struct earning_grader *x = a, *y = b;
    if (x->judged != y->judged)
        return x->judged < y->judged ? 1 : -1;
    if (x->verdicts != y->verdicts)
        return x->verdicts < y->verdicts ? 1 : -1;
    int order = strcmp(x->grader, y->grader);
    return order ? order : strcmp(x->task, y->task);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* All of it from one moment of the project, whoever decides meanwhile. */
static int read_all(struct reading *r, struct store *s, struct error *err)
{
    if (store_begin_read(s, err) != 0)
        return -1;
    int result = read_prompts(r, s, err) == 0 && prompt_store_graders(s, read_grader, r, err) == 0 ? 0 : -1;
    return store_end(s, result, err);
}

int earnings_read(struct store *s, struct earnings *out, struct error *err)
{
    struct reading r = {.out = out, .index = map_new()};
    int result = read_all(&r, s, err);
    assert(r.sums || !out->n_prompts); /* one each */
    for (size_t i = 0; i < out->n_prompts; i++)
        settle(&r, &out->prompts[i], &r.sums[i]);
    out->prompts = arena_take(&out->arena, out->prompts, out->n_prompts, sizeof *out->prompts);
    out->graders = arena_take(&out->arena, out->graders, out->n_graders, sizeof *out->graders);
    if (out->n_prompts)
        qsort(out->prompts, out->n_prompts, sizeof *out->prompts, by_earns);
    if (out->n_graders)
        qsort(out->graders, out->n_graders, sizeof *out->graders, by_judged);
    map_free(r.index);
    mem_free(r.sums);
    return result;
}

void earnings_free(struct earnings *e)
{
    arena_free(&e->arena);
    *e = (struct earnings){.n_prompts = 0};
}
