#include "app/broken.h"

#include <string.h>

#include "app/likeness.h"
#include "base/array.h"
#include "base/map.h"
#include "base/mem.h"
#include "db/record_store.h"
#include "db/rule_store.h"
#include "text/segment.h"

struct known_rule {
    int64_t id;
    struct word_set mistake;
};

struct known_form {
    int records;      /* faulted so */
    int alone;        /* of them, those with this sentence alone and one rule */
    int *citing;      /* by rule */
};

struct broken {
    struct known_rule *rules;
    size_t n_rules;
    struct map *index;  /* form: its place in forms */
    struct known_form *forms;
    size_t n_forms, cap_forms;
};

void broken_free(struct broken *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n_rules; i++)
        word_set_free(&b->rules[i].mistake);
    for (size_t i = 0; i < b->n_forms; i++)
        mem_free(b->forms[i].citing);
    mem_free(b->rules);
    mem_free(b->forms);
    map_free(b->index);
    mem_free(b);
}

/* --- forms --- */

/* The bytes of a quotation mark at `at`, and of the mark that closes it; 0: none. An apostrophe inside a word is none. */
static size_t quote_at(struct slice text, size_t at, const char **closes)
{
    static const char *const pairs[][2] = {{"\"", "\""}, {"'", "'"}, {"“", "”"}, {"‘", "’"}, {"«", "»"}, {"`", "`"}};
    bool inside = at > 0 && ((text.at[at - 1] | 32) >= 'a' && (text.at[at - 1] | 32) <= 'z');
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && !inside; i++)
        if (slice_starts(slice_sub(text, at, text.len), pairs[i][0])) {
            *closes = pairs[i][1];
            return strlen(pairs[i][0]);
        }
    return 0;
}

/* Past the quotation that begins at `at`; 0 where it is not closed. */
static size_t past_quote(struct slice text, size_t at)
{
    const char *closes;
    size_t opened = quote_at(text, at, &closes);
    if (!opened)
        return 0;
    size_t len = strlen(closes);
    for (size_t i = at + opened; i + len <= text.len; i++) {
        bool letter = i + len < text.len && (text.at[i + len] | 32) >= 'a' && (text.at[i + len] | 32) <= 'z';
        if (memcmp(text.at + i, closes, len) == 0 && !letter)
            return i + len;
    }
    return 0;
}

void broken_form(struct str *out, struct slice sentence)
{
    size_t begun = out->len;
    for (size_t at = 0, step; at < sentence.len; at += step) {
        enum token_class class;
        size_t past = past_quote(sentence, at);
        step = past ? past - at : segment_step(sentence, at, &class);
        if (!past && class != TOKEN_WORD && class != TOKEN_NUMBER)
            continue;
        if (out->len > begun)
            str_addc(out, ' ');
        if (past || class == TOKEN_NUMBER) {
            str_addc(out, '*');
            continue;
        }
        for (size_t i = at; i < at + step; i++) {
            char c = sentence.at[i];
            str_addc(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
        }
    }
}

/* --- learning --- */

static struct known_form *form_of(struct broken *b, struct slice sentence, bool make)
{
    struct str form = {0};
    uint64_t at = b->n_forms;
    broken_form(&form, sentence);
    bool there = form.len && map_get(b->index, str_slice(&form), &at);
    if (!there && make && form.len) {
        map_put(b->index, str_slice(&form), at);
        b->forms = array_reserve(b->forms, &b->cap_forms, b->n_forms + 1, sizeof *b->forms);
        b->forms[b->n_forms++] = (struct known_form){.citing = mem_zalloc(b->n_rules + 1, sizeof(int))};
        there = true;
    }
    str_free(&form);
    return there ? &b->forms[at] : NULL;
}

static int rule_index(const struct broken *b, int64_t id)
{
    for (size_t i = 0; i < b->n_rules; i++)
        if (b->rules[i].id == id)
            return (int)i;
    return -1;
}

/* A form counts once a record, however often it stands in the rationale. */
static bool said_before(struct slice text, const struct ranges *all, size_t at)
{
    struct str a = {0}, b = {0};
    bool same = false;
    broken_form(&a, slice_sub(text, all->items[at].from, all->items[at].to));
    for (size_t i = 0; i < at && !same; i++) {
        str_clear(&b);
        broken_form(&b, slice_sub(text, all->items[i].from, all->items[i].to));
        same = slice_eq(str_slice(&a), str_slice(&b));
    }
    str_free(&a);
    str_free(&b);
    return same;
}

static void learn_record(struct broken *b, const struct stored_record *r)
{
    const struct stored_output *y0 = stored_y0(r);
    struct ranges all = {0};
    struct slice text = slice_of(y0 ? y0->rationale : NULL);
    sentences(&all, text);
    for (size_t i = 0; i < all.count; i++) {
        struct known_form *f = said_before(text, &all, i) ? NULL
                                                         : form_of(b, slice_sub(text, all.items[i].from, all.items[i].to), true);
        if (!f)
            continue;
        f->records++;
        f->alone += all.count == 1 && r->n_rules == 1;
        for (size_t k = 0; k < r->n_rules; k++) {
            int at = rule_index(b, r->rules[k].id);
            if (at >= 0)
                f->citing[at]++;
        }
    }
    ranges_free(&all);
}

struct ids {
    int64_t *items;
    size_t count, cap;
    struct map *met;
};

static int take_record(void *context, int64_t record, const char *key)
{
    struct ids *ids = context;
    if (!map_put(ids->met, slice_of(key), 1))
        return 0;
    ids->items = array_reserve(ids->items, &ids->cap, ids->count + 1, sizeof *ids->items);
    ids->items[ids->count++] = record;
    return 0;
}

static int learn_records(struct broken *b, struct store *s, struct error *err)
{
    struct ids ids = {.met = map_new()};
    int result = 0;
    for (size_t i = 0; result == 0 && i < b->n_rules; i++)
        result = rule_store_records(s, b->rules[i].id, take_record, &ids, err);
    for (size_t i = 0; result == 0 && i < ids.count; i++) {
        struct stored_record r = {0};
        result = record_store_load(s, ids.items[i], &r, err);
        if (result == 0)
            learn_record(b, &r);
        stored_record_free(&r);
    }
    map_free(ids.met);
    mem_free(ids.items);
    return result;
}

struct broken *broken_learn(struct store *s, struct error *err)
{
    struct broken *b = mem_zalloc(1, sizeof *b);
    struct rules rules = {0};
    b->index = map_new();
    int result = rule_store_list(s, RULES_BY_AGE, true, &rules, err);
    b->rules = mem_zalloc(rules.count + 1, sizeof *b->rules);
    for (size_t i = 0; result == 0 && i < rules.count; i++) {
        b->rules[b->n_rules].id = rules.items[i].id;
        word_set_read(&b->rules[b->n_rules++].mistake, slice_of(rules.items[i].mistake));
    }
    rules_free(&rules);
    if (result == 0)
        result = learn_records(b, s, err);
    if (result == 0)
        return b;
    broken_free(b);
    return NULL;
}

/* --- marking --- */

static double by_form(const struct known_form *f, size_t rule)
{
    if (!f || !f->citing[rule] || (f->records < 2 && !f->alone))
        return 0;
    return (double)f->citing[rule] / (double)f->records;
}

static double by_words(const struct known_rule *r, const struct word_set *said)
{
    double part = r->mistake.count < BROKEN_WORDS ? 0 : word_set_covered(&r->mistake, said);
    return part * (double)r->mistake.count >= BROKEN_WORDS - 0.5 ? part : 0;
}

static void look_at(struct broken *b, struct slice sentence, double *sure)
{
    const struct known_form *f = form_of(b, sentence, false);
    struct word_set said = {0};
    word_set_read(&said, sentence);
    for (size_t i = 0; i < b->n_rules; i++) {
        double form = by_form(f, i), words = by_words(&b->rules[i], &said);
        double most = form > words ? form : words;
        sure[i] = most > sure[i] ? most : sure[i];
    }
    word_set_free(&said);
}

struct marks {
    struct rule_mark *items;
    size_t count, cap;
};

static void mark_item(struct broken *b, const struct eval_item *item, double *sure, struct marks *out)
{
    struct ranges all = {0};
    struct slice text = slice_of(item->rationale);
    sentences(&all, text);
    memset(sure, 0, (b->n_rules + 1) * sizeof *sure);
    for (size_t i = 0; i < all.count; i++)
        look_at(b, slice_sub(text, all.items[i].from, all.items[i].to), sure);
    ranges_free(&all);
    for (size_t i = 0; i < b->n_rules; i++) {
        if (sure[i] < BROKEN_SURE)
            continue;
        out->items = array_reserve(out->items, &out->cap, out->count + 1, sizeof *out->items);
        out->items[out->count++] = (struct rule_mark){b->rules[i].id, item->record, sure[i]};
    }
}

int broken_mark(struct broken *b, struct store *s, int64_t eval, size_t *marks, struct error *err)
{
    struct eval_items list = {0};
    struct eval_page page = {.order = EVAL_BY_RECORD, .failures = true};
    struct marks out = {0};
    double *sure = mem_zalloc(b->n_rules + 1, sizeof *sure);
    int result = eval_store_items(s, eval, &page, &list, NULL, err);
    for (size_t i = 0; result == 0 && i < list.count; i++) {
        struct eval_items one = {0};
        result = eval_store_item(s, eval, list.items[i].record, &one, err);
        if (result == 0 && one.items[0].has_score)
            mark_item(b, &one.items[0], sure, &out);
        eval_items_free(&one);
    }
    if (result == 0)
        result = eval_store_put_broken(s, eval, out.items, out.count, err);
    if (marks)
        *marks = out.count;
    mem_free(sure);
    mem_free(out.items);
    eval_items_free(&list);
    return result;
}
