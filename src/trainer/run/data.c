/* hinge-train data: what will be trained on, and which of its tokens count. */
#include <stdio.h>

#include "base/json.h"
#include "base/utf8.h"
#include "trainer/run/commands.h"
#include "trainer/run/session.h"

const struct option_spec data_options[] = {
    FP32_OPTIONS,
    {"data", "FILE", NULL, "the snapshot (JSONL)"},
    {"too-long", "stop|skip", "stop", "what to do with examples over --max-tokens"},
    {"show", "N", "0", "print the first N examples: trained text stands between [ and ]"},
    {"json", NULL, NULL, "a JSON object a line for each example shown, then one of all"},
    {0},
};

/* Controls and all that a terminal may act on become visible; text stays readable. */
static void print_visible(struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        uint32_t cp;
        size_t n = utf8_decode(text.at + at, text.len - at, &cp);
        bool direction = (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) ||
                         (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF;
        if (cp == '\n')
            fputs("\\n\n", stdout);
        else if (cp == UTF8_BAD || cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || direction)
            printf("<%X>", cp == UTF8_BAD ? (unsigned)(unsigned char)text.at[at] : (unsigned)cp);
        else
            fwrite(text.at + at, 1, n, stdout);
        at += n;
    }
}

static void print_tokens(const struct session *s, const int *ids, size_t count)
{
    struct str text = {0};
    tokenizer_decode(s->tokenizer, ids, count, false, &text);
    print_visible(str_slice(&text));
    str_free(&text);
}

static void show(const struct session *s, const struct example *e)
{
    printf("== ");
    print_visible(slice_of(e->id));
    printf(": %zu branches, %zu tokens shared\n", e->count, e->shared);
    for (size_t i = 0; i < e->count; i++) {
        const struct branch *b = &e->branches[i];
        printf("-- %s: %zu tokens, %zu trained (%zu of strategy)\n", b->kind, b->ids.count,
               branch_trained(b), b->answer - b->given);
        print_tokens(s, b->ids.items, b->given);
        putchar('[');
        print_tokens(s, b->ids.items + b->given, b->ids.count - b->given);
        puts("]");
    }
}

/* --- for programs --- */

static void print_line(struct json *j)
{
    struct str line = {0};
    json_print(&line, j);
    puts(line.at);
    str_free(&line);
    json_free(j);
}

static void push_piece(const struct session *s, struct json *list, const char *kind, const int *ids, size_t count)
{
    struct str text = {0};
    if (!count)
        return;
    tokenizer_decode(s->tokenizer, ids, count, false, &text);
    struct str repaired = {0};
    utf8_repair(&repaired, str_slice(&text)); /* a piece may end inside a character */
    struct json *o = json_new_object();
    json_set_string(o, "kind", kind);
    json_set(o, "text", json_new_slice(str_slice(&repaired)));
    json_set_int(o, "tokens", (int64_t)count);
    json_push(list, o);
    str_free(&text);
    str_free(&repaired);
}

static struct json *branch_json(const struct session *s, const struct branch *b)
{
    struct json *o = json_new_object(), *pieces = json_new_array();
    push_piece(s, pieces, "given", b->ids.items, b->given);
    push_piece(s, pieces, "strategy", b->ids.items + b->given, b->answer - b->given);
    push_piece(s, pieces, "answer", b->ids.items + b->answer, b->ids.count - b->answer);
    json_set_string(o, "kind", b->kind);
    json_set_int(o, "tokens", (int64_t)b->ids.count);
    json_set_int(o, "trained", (int64_t)branch_trained(b));
    json_set(o, "pieces", pieces);
    return o;
}

static void show_json(const struct session *s, const struct example *e)
{
    struct json *o = json_new_object(), *branches = json_new_array();
    for (size_t i = 0; i < e->count; i++)
        json_push(branches, branch_json(s, &e->branches[i]));
    json_set_string(o, "id", e->id);
    json_set_int(o, "shared", (int64_t)e->shared);
    json_set(o, "branches", branches);
    print_line(o);
}

/* --- all of them --- */

static void summary(const struct examples *list, size_t skipped, bool as_json)
{
    size_t plain = 0, shared = 0, trained = 0, branches = 0, longest = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct example *e = &list->items[i];
        plain += example_rows(e, false);
        shared += example_rows(e, true);
        branches += e->count;
        for (size_t b = 0; b < e->count; b++) {
            trained += branch_trained(&e->branches[b]);
            longest = e->branches[b].ids.count > longest ? e->branches[b].ids.count : longest;
        }
    }
    if (as_json) {
        struct json *o = json_new_object(), *all = json_new_object();
        json_set_int(all, "examples", (int64_t)list->count);
        json_set_int(all, "branches", (int64_t)branches);
        json_set_int(all, "too_long", (int64_t)skipped);
        json_set_int(all, "trained_tokens", (int64_t)trained);
        json_set_int(all, "longest", (int64_t)longest);
        json_set_int(all, "plain_tokens", (int64_t)plain);
        json_set_int(all, "shared_tokens", (int64_t)shared);
        json_set(o, "summary", all);
        print_line(o);
        return;
    }
    printf("%zu examples, %zu branches; %zu left out as too long\n", list->count, branches, skipped);
    printf("%zu trained tokens; longest branch %zu tokens\n", trained, longest);
    printf("%zu tokens to compute as plain sequences, %zu with shared prefixes (%.2f x less)\n", plain,
           shared, shared ? (double)plain / (double)shared : 1.0);
}

int run_data(const struct options *o, struct error *err)
{
    struct session s = {0};
    struct examples list = {0};
    size_t skipped = 0;
    int count = 0;
    bool as_json = option_flag(o, "json");
    int result = option_need(o, "data", err);
    if (result == 0)
        result = option_int(o, "show", 0, 1 << 30, &count, err);
    if (result == 0)
        result = session_open(o, false, &s, err);
    s.reader.skip_long = *option(o, "too-long") == 's' && option(o, "too-long")[1] == 'k';
    if (result == 0)
        result = examples_read(&s.reader, option(o, "data"), &list, &skipped, err);
    for (size_t i = 0; result == 0 && i < (size_t)count && i < list.count; i++)
        (as_json ? show_json : show)(&s, &list.items[i]);
    if (result == 0)
        summary(&list, skipped, as_json);
    examples_free(&list);
    session_close(&s);
    return result;
}
