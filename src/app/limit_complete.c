#include <string.h>

#include "app/limit.h"
#include "base/array.h"
#include "base/mem.h"

/* What is being completed: the typed beginning and where the candidates go. */
struct completion {
    struct limit_choices *c;
    struct slice typed;
};

static void add_text(struct limit_choices *c, struct slice text)
{
    c->items = array_reserve(c->items, &c->cap, c->count + 1, sizeof *c->items);
    c->items[c->count++] = arena_copy(&c->arena, text);
}

static void add_value(void *to, struct slice value)
{
    struct completion *k = to;
    bool fits = value.len > 0 && value.len >= k->typed.len && memchr(value.at, 0, value.len) == NULL &&
                (k->typed.len == 0 || memcmp(value.at, k->typed.at, k->typed.len) == 0);
    if (!fits)
        return;
    struct str quoted = {0};
    limit_quote(&quoted, value);
    add_text(k->c, str_slice(&quoted));
    str_free(&quoted);
}

static void add_names(struct completion *k)
{
    for (int f = 0; f < LIMIT_FIELDS; f++) {
        struct slice name = slice_of(limit_field_name((enum limit_field)f));
        if (name.len == 0 || name.len < k->typed.len ||
            (k->typed.len && memcmp(name.at, k->typed.at, k->typed.len) != 0))
            continue;
        bool number = f == LIMIT_SCORE || f == LIMIT_HINGES || f == LIMIT_ROUNDS;
        struct str text = {0};
        str_add_slice(&text, name);
        str_adds(&text, number ? "<" : ":");
        add_text(k->c, str_slice(&text));
        str_free(&text);
    }
}

static const char *const rule_words[] = {"none", "any", NULL};
static const char *const split_words[] = {"train", "valid", "test", "none", NULL};

static void add_words(struct completion *k, const char *const *words)
{
    for (; *words; words++)
        add_value(k, slice_of(*words));
}

static void add_values(struct completion *k, enum limit_field field, const struct limit_source *source)
{
    if (field == LIMIT_STATE) {
        add_words(k, limit_states);
        add_value(k, SLICE("decided"));
    } else if (field == LIMIT_SPLIT) {
        add_words(k, split_words);
    } else if (field == LIMIT_RULE || field == LIMIT_EVAL) {
        add_words(k, rule_words);
    } else {
        if (field == LIMIT_REVIEWER)
            add_value(k, SLICE("me"));
        if (source)
            source->values(source->context, field, add_value, k);
    }
}

/* Start of the blank-separated word that ends at cursor; blanks inside quotes do not separate. */
static size_t word_start(struct slice text, size_t cursor)
{
    size_t start = 0;
    bool quoted = false;
    for (size_t i = 0; i < cursor; i++) {
        if (text.at[i] == '"')
            quoted = !quoted;
        else if (text.at[i] == ' ' && !quoted)
            start = i + 1;
    }
    return start;
}

void limit_complete(struct limit_choices *c, struct slice text, size_t cursor,
                    const struct limit_source *source)
{
    if (cursor > text.len)
        cursor = text.len;
    size_t from = word_start(text, cursor);
    if (from < cursor && text.at[from] == '!')
        from++;
    struct slice word = slice_sub(text, from, cursor);
    struct completion k = {.c = c, .typed = word};
    c->from = from;
    c->to = cursor;
    const char *sign = word.len ? memchr(word.at, ':', word.len) : NULL;
    if (!sign && word.len)
        sign = memchr(word.at, '=', word.len);
    if (!sign) {
        add_names(&k);
        return;
    }
    struct slice name = slice_sub(word, 0, (size_t)(sign - word.at));
    size_t value_at = name.len + 1;
    for (size_t i = value_at; i < word.len; i++)
        if (word.at[i] == ',')
            value_at = i + 1;
    c->from = from + value_at;
    k.typed = slice_sub(word, value_at, word.len);
    if (k.typed.len && k.typed.at[0] == '"')
        k.typed = slice_sub(k.typed, 1, k.typed.len);
    for (int f = 0; f < LIMIT_FIELDS; f++)
        if (name.len && slice_is(name, limit_field_name((enum limit_field)f)))
            add_values(&k, (enum limit_field)f, source);
}

void words_complete(struct limit_choices *c, const char *const *words, size_t n, struct slice text,
                    size_t cursor)
{
    size_t from = text.len && text.at[0] == '!';
    struct completion k = {.c = c, .typed = slice_sub(text, from, cursor)};
    c->from = from;
    c->to = cursor > text.len ? text.len : cursor;
    for (size_t i = 0; i < n; i++)
        add_value(&k, slice_of(words[i]));
}

void limit_choices_free(struct limit_choices *c)
{
    arena_free(&c->arena);
    mem_free(c->items);
    *c = (struct limit_choices){0};
}
