#include "app/taught.h"

#include <stdlib.h>
#include <string.h>

#include "app/likeness.h"
#include "base/array.h"
#include "base/json_raw.h"
#include "base/json_text.h"
#include "base/lines.h"
#include "base/map.h"
#include "base/mem.h"
#include "db/decision_store.h"
#include "db/rule_store.h"
#include "db/snapshot_store.h"

enum { DECISIONS_EACH = 200, LINE_MAX_BYTES = 64 << 20, TELLING = 12, CANDIDATES = 12, ALIKE_SHOWN = 3 };
static const double SPOKEN_OF = 0.3; /* of a rule's words, for it to be what the grader speaks of */

struct search {
    struct store *store;
    struct taught *out;
    struct map *trained; /* ids of the training set's examples, or NULL */
    int failed;
    size_t first; /* decision of the rule at hand */
    struct error *err;
};

void taught_free(struct taught *t)
{
    mem_free(t->rules);
    mem_free(t->decisions);
    arena_free(&t->arena);
    *t = (struct taught){0};
}

static const char *keep(struct taught *t, const char *text)
{
    return arena_strndup(&t->arena, text ? text : "", text ? strlen(text) : 0);
}

/* --- the rules --- */

static int add_rule(struct search *s, int64_t id, unsigned why)
{
    struct taught *t = s->out;
    for (size_t i = 0; i < t->n_rules; i++) {
        if (t->rules[i].rule != id)
            continue;
        t->rules[i].why |= why;
        return 0;
    }
    struct rules found = {0};
    if (rule_store_get(s->store, id, &found, s->err) != 0)
        return -1;
    const struct rule *r = &found.items[0];
    t->rules = array_reserve(t->rules, &t->cap_rules, t->n_rules + 1, sizeof *t->rules);
    struct taught_rule *rule = &t->rules[t->n_rules++];
    *rule = (struct taught_rule){.rule = id, .uses = r->uses, .why = why, .retired = r->status != RULE_ACTIVE,
                                 .mistake = keep(t, r->mistake), .guardrail = keep(t, r->guardrail)};
    int known = eval_store_worth_of(s->store, id, &rule->worth, s->err);
    rule->weighed = known == 1;
    rules_free(&found);
    return known < 0 ? -1 : 0;
}

static int add_broken(void *context, const struct rule_mark *m)
{
    struct search *s = context;
    s->failed |= add_rule(s, m->rule, TAUGHT_BROKEN);
    return s->failed;
}

static int add_own(struct search *s, int64_t record)
{
    struct stored_record r = {0};
    int result = record_store_load(s->store, record, &r, s->err);
    for (size_t i = 0; result == 0 && i < r.n_rules; i++)
        result = add_rule(s, r.rules[i].id, TAUGHT_OWN);
    stored_record_free(&r);
    return result;
}

/* The part of a rule's words that the grader used. */
static double spoken_of(const struct rule *r, const struct word_set *said)
{
    struct word_set words = {0};
    struct str text = {0};
    str_addf(&text, "%s %s", r->mistake ? r->mistake : "", r->guardrail);
    word_set_read(&words, str_slice(&text));
    double part = word_set_covered(&words, said);
    word_set_free(&words);
    str_free(&text);
    return part;
}

static int add_alike(struct search *s, int64_t eval, int64_t record)
{
    struct eval_items one = {0};
    struct rules found = {0};
    struct word_set said = {0};
    struct str words = {0};
    int result = eval_store_item(s->store, eval, record, &one, s->err), n = 0;
    struct slice rationale = slice_of(result == 0 ? one.items[0].rationale : NULL);
    telling_words(&words, rationale, TELLING);
    if (result == 0 && words.len)
        result = rule_store_alike(s->store, str_slice(&words), CANDIDATES, &found, s->err);
    word_set_read(&said, rationale);
    for (size_t i = 0; result == 0 && i < found.count && n < ALIKE_SHOWN; i++)
        if (spoken_of(&found.items[i], &said) >= SPOKEN_OF) {
            result = add_rule(s, found.items[i].id, TAUGHT_ALIKE);
            n++;
        }
    word_set_free(&said);
    str_free(&words);
    rules_free(&found);
    eval_items_free(&one);
    return result;
}

static int by_why(const void *x, const void *y)
{
    const struct taught_rule *a = x, *b = y;
    unsigned p = a->why & TAUGHT_BROKEN ? 0 : a->why & TAUGHT_OWN ? 1 : 2;
    unsigned q = b->why & TAUGHT_BROKEN ? 0 : b->why & TAUGHT_OWN ? 1 : 2;
    if (p != q)
        return p < q ? -1 : 1;
    return a->rule < b->rule ? -1 : a->rule > b->rule;
}

/* --- the training set --- */

struct snapshot_search {
    const char *hash;
    struct str path;
};

static int find_path(void *context, const struct snapshot_row *row)
{
    struct snapshot_search *s = context;
    if (strcmp(row->hash, s->hash) != 0)
        return 0;
    str_adds(&s->path, row->path);
    return 1;
}

/* The id of an example, without reading the rest of its line as a tree. */
static void take_id(struct map *ids, struct slice line)
{
    struct slice key, value;
    struct str id = {0};
    size_t at = 0, bad;
    while (json_raw_next(line, &at, &key, &value))
        if (slice_eq(key, SLICE("\"id\""))) {
            if (json_check(value, &bad) && value.at[0] == '"') {
                json_unquote(&id, value);
                map_put(ids, str_slice(&id), 1);
            }
            break;
        }
    str_free(&id);
}

static struct map *read_ids(const char *path)
{
    struct error none = {0};
    struct slice line;
    struct lines *l = lines_open(path, LINE_MAX_BYTES, &none);
    if (!l)
        return NULL;
    struct map *ids = map_new();
    enum lines_result got;
    while ((got = lines_next(l, &line, &none)) == LINES_LINE || got == LINES_TOO_LONG)
        if (got == LINES_LINE)
            take_id(ids, line);
    lines_close(l);
    return ids;
}

/* The run's own copy, else the file that was exported; NULL where neither is there any more. */
static struct map *trained_on(struct store *s, const struct eval *e)
{
    struct snapshot_search search = {.hash = e->snapshot ? e->snapshot : ""};
    struct map *ids = NULL;
    if (e->run_folder) {
        str_addf(&search.path, "%s/data/train.jsonl", e->run_folder);
        ids = read_ids(str_z(&search.path));
        str_clear(&search.path);
    }
    if (!ids && *search.hash && snapshot_store_each(s, find_path, &search, NULL) == 1)
        ids = read_ids(str_z(&search.path));
    str_free(&search.path);
    return ids;
}

/* --- the decisions --- */

static int take_decision(void *context, const struct decision_row *row)
{
    struct taught_decision *d = context;
    if (row->effective && row->d.rule) { /* oldest first: the last one stays */
        d->verb = verb_name(row->d.verb);
        d->when = row->d.created;
    }
    return 0;
}

static int add_decision(void *context, int64_t record, const char *key)
{
    struct search *s = context;
    struct taught *t = s->out;
    struct stored_record r = {0};
    t->decisions = array_reserve(t->decisions, &t->cap_decisions, t->n_decisions + 1, sizeof *t->decisions);
    struct taught_decision *d = &t->decisions[t->n_decisions++];
    *d = (struct taught_decision){.record = record, .key = keep(t, key), .reviewer = "", .verb = ""};
    d->trained = s->trained && map_get(s->trained, slice_of(key), NULL);
    if (decision_store_history(s->store, record, take_decision, d, s->err) < 0 ||
        record_store_load(s->store, record, &r, s->err) != 0) {
        s->failed = -1;
        return -1;
    }
    d->reviewer = keep(t, r.reviewer_name);
    stored_record_free(&r);
    return t->n_decisions - s->first >= DECISIONS_EACH;
}

static int by_training(const void *x, const void *y)
{
    const struct taught_decision *a = x, *b = y;
    if (a->trained != b->trained)
        return a->trained ? -1 : 1;
    return a->when != b->when ? (a->when > b->when ? -1 : 1) : 0;
}

static int add_decisions(struct search *s)
{
    struct taught *t = s->out;
    for (size_t i = 0; i < t->n_rules; i++) {
        struct taught_rule *r = &t->rules[i];
        r->first = s->first = t->n_decisions;
        if (rule_store_records(s->store, r->rule, add_decision, s, s->err) < 0 || s->failed)
            return -1;
        r->count = t->n_decisions - r->first;
        if (r->count)
            qsort(t->decisions + r->first, r->count, sizeof *t->decisions, by_training);
    }
    return 0;
}

int taught_find(struct session *session, int64_t eval, int64_t record, struct taught *out, struct error *err)
{
    struct search s = {.store = session_store(session), .out = out, .err = err};
    struct evals e = {0};
    if (eval_store_get(s.store, eval, &e, err) != 0)
        return -1;
    int result = eval_store_marks(s.store, eval, 0, record, add_broken, &s, err) < 0 || s.failed ? -1 : 0;
    if (result == 0)
        result = add_own(&s, record);
    if (result == 0)
        result = add_alike(&s, eval, record);
    if (result == 0 && out->n_rules) {
        qsort(out->rules, out->n_rules, sizeof *out->rules, by_why);
        s.trained = trained_on(s.store, &e.items[0]);
        out->knows_training = s.trained != NULL;
        result = add_decisions(&s);
    }
    map_free(s.trained);
    evals_free(&e);
    return result;
}
