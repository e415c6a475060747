#include "app/alike.h"

#include <string.h>

#include "app/likeness.h"
#include "base/mem.h"
#include "db/queue_store.h"
#include "db/rule_store.h"

/* Enough for a screen and cheap enough for every keystroke. */
enum { CANDIDATES = 40, FITS_BOUND = 250 };
static const double ALIKE_ENOUGH = 0.34;

static void forget(struct alike *a)
{
    for (size_t i = 0; i < a->count; i++) {
        mem_free(a->rules[i].mistake);
        mem_free(a->rules[i].guardrail);
    }
    a->count = 0;
}

void alike_free(struct alike *a)
{
    forget(a);
    *a = (struct alike){0};
}

/* Contradicting ones first, then by likeness, then by use. */
static bool goes_before(const struct alike_rule *a, const struct alike_rule *b)
{
    if (a->contradicts != b->contradicts)
        return a->contradicts;
    if (a->likeness != b->likeness)
        return a->likeness > b->likeness;
    return a->uses > b->uses;
}

/* Insertion into the best ALIKE_MAX; the texts are copied only for those that stay. */
static void consider(struct alike *a, const struct rule *rule, double likeness, bool contradicts)
{
    struct alike_rule r = {.rule = rule->id, .likeness = likeness, .contradicts = contradicts, .uses = rule->uses};
    size_t at = a->count;
    while (at > 0 && goes_before(&r, &a->rules[at - 1]))
        at--;
    if (at == ALIKE_MAX)
        return;
    if (a->count == ALIKE_MAX) {
        a->count--;
        mem_free(a->rules[a->count].mistake);
        mem_free(a->rules[a->count].guardrail);
    }
    memmove(&a->rules[at + 1], &a->rules[at], (a->count - at) * sizeof r);
    r.mistake = mem_strdup(rule->mistake);
    r.guardrail = mem_strdup(rule->guardrail);
    a->rules[at] = r;
    a->count++;
}

static void weigh(struct alike *a, struct rule_typed typed, const struct rules *found)
{
    struct rule_words mine = {0}, theirs = {0};
    rule_words_read(&mine, typed.mistake, typed.guardrail);
    for (size_t i = 0; i < found->count; i++) {
        const struct rule *r = &found->items[i];
        rule_words_read(&theirs, slice_of(r->mistake), slice_of(r->guardrail));
        double likeness = rule_likeness(&mine, &theirs);
        bool contradicts = rule_contradicts(&mine, &theirs);
        if (contradicts || likeness >= ALIKE_ENOUGH)
            consider(a, r, likeness, contradicts);
    }
    rule_words_free(&mine);
    rule_words_free(&theirs);
}

/* The record on screen is undecided more often than not, and fits its own rule. */
static bool counts_itself(struct session *s, int64_t record)
{
    struct queue_rows row = {0};
    bool undecided = record && queue_store_row(session_store(s), record, &row, NULL) == 0 && row.count &&
                     row.items[0].state == STATE_UNDECIDED;
    queue_rows_free(&row);
    return undecided;
}

static int count_fits(struct session *s, struct slice words, int64_t record, struct alike *out,
                      struct error *err)
{
    int64_t fits = 0;
    out->fits = 0;
    out->fits_more = false;
    if (rule_store_fits(session_store(s), words, FITS_BOUND, &fits, err) != 0)
        return -1;
    out->fits_more = fits >= FITS_BOUND;
    if (fits > 0 && !out->fits_more && counts_itself(s, record))
        fits--;
    out->fits = (size_t)fits;
    return 0;
}

int alike_find(struct session *s, struct rule_typed rule, int64_t record, struct alike *out,
               struct error *err)
{
    struct str both = {0}, words = {0};
    struct rules found = {0};
    forget(out);
    str_add_slice(&both, rule.guardrail);
    str_addc(&both, ' ');
    str_add_slice(&both, rule.mistake);
    telling_words(&words, str_slice(&both), 16);
    int result = 0;
    out->fits = 0;
    out->fits_more = false;
    if (words.len) {
        result = rule_store_alike(session_store(s), str_slice(&words), CANDIDATES, &found, err);
        if (result == 0)
            weigh(out, rule, &found);
        if (result == 0)
            result = count_fits(s, str_slice(&words), record, out, err);
    }
    rules_free(&found);
    str_free(&words);
    str_free(&both);
    return result;
}
