#include "trainer/data/example.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/lines.h"
#include "base/mem.h"

enum { LINE_MAX_BYTES = 1 << 28, BRANCHES_MAX = 64, MESSAGES_MAX = 4096 };

static const char empty_think_block[] = "<think>\n\n</think>\n\n";

/* Text that holds a special token's text would be read as the token: such data is not trained on. */
static int check_text(const struct reader *r, struct slice text, bool special_only, const char *what,
                      struct error *err)
{
    if (tokenizer_holds_added(r->tokenizer, text, special_only))
        return error_set(err, ERR_INPUT, "%s holds the text of a special token (such as %s)", what,
                         chat_end(r->chat));
    return 0;
}

static int read_messages(const struct reader *r, const struct json *prompt, struct chat_message *out,
                         size_t *count, struct error *err)
{
    *count = 0;
    if (json_type(prompt) == JSON_STRING) {
        out[(*count)++] = (struct chat_message){SLICE("user"), slice_of(json_string(prompt, ""))};
    } else if (json_type(prompt) != JSON_ARRAY || json_size(prompt) == 0 ||
               json_size(prompt) > MESSAGES_MAX) {
        return error_set(err, ERR_INPUT, "the prompt is neither a text nor a list of messages");
    }
    for (const struct json *c = json_type(prompt) == JSON_ARRAY ? json_first(prompt) : NULL; c;
         c = json_next(c)) {
        const char *role = json_string(json_get(c, "role"), ""), *content =
                                                                     json_string(json_get(c, "content"), NULL);
        if (!content)
            return error_set(err, ERR_INPUT, "a message has no content");
        out[(*count)++] = (struct chat_message){slice_of(role), slice_of(content)};
    }
    for (size_t i = 0; i < *count; i++) {
        if (check_text(r, out[i].content, true, "the prompt", err) != 0)
            return -1;
    }
    return 0;
}

int reader_prompt(const struct reader *r, const struct json *prompt, bool empty_think, struct ids *out,
                  struct error *err)
{
    size_t n = json_type(prompt) == JSON_ARRAY ? json_size(prompt) : 1, count;
    if (n > MESSAGES_MAX)
        return error_set(err, ERR_INPUT, "more than %d messages", MESSAGES_MAX);
    struct chat_message *messages = mem_zalloc(n + 1, sizeof *messages);
    struct str text = {0};
    int result = read_messages(r, prompt, messages, &count, err);
    if (result == 0)
        result = chat_render(r->chat, messages, count, &text, err);
    if (empty_think)
        str_adds(&text, empty_think_block);
    if (result == 0)
        result = tokenizer_encode(r->tokenizer, str_slice(&text), out, err);
    str_free(&text);
    mem_free(messages);
    return result;
}

/* The end of the turn, by its id: it is never written as text. */
static int add_end(const struct reader *r, struct ids *out, struct error *err)
{
    int id = tokenizer_id(r->tokenizer, chat_end(r->chat));
    if (id < 0)
        return error_set(err, ERR_INPUT, "the tokenizer has no token %s, which the chat format %s ends "
                                         "turns with; name another format with --chat",
                         chat_end(r->chat), chat_name(r->chat));
    ids_add(out, id);
    return 0;
}

static int add_strategy(const struct reader *r, const char *think, struct ids *out, struct error *err)
{
    struct str text = {0};
    if (check_text(r, slice_of(think), false, "the strategy", err) != 0)
        return -1;
    str_addf(&text, "<think>\n%s\n</think>\n\n", think);
    int result = tokenizer_encode(r->tokenizer, str_slice(&text), out, err);
    str_free(&text);
    return result;
}

static int read_branch(const struct reader *r, const struct json *prompt, const struct json *j,
                       struct branch *b, struct error *err)
{
    const char *think = json_string(json_get(j, "think"), NULL);
    const char *text = json_string(json_get(j, "text"), NULL);
    snprintf(b->kind, sizeof b->kind, "%s", json_string(json_get(j, "kind"), "A"));
    if (!text || !*text)
        return error_set(err, ERR_INPUT, "a branch has no text");
    if (check_text(r, slice_of(text), false, "the text", err) != 0 ||
        reader_prompt(r, prompt, think && !*think, &b->ids, err) != 0)
        return -1;
    b->given = b->ids.count;
    if (think && *think && add_strategy(r, think, &b->ids, err) != 0)
        return -1;
    b->answer = b->ids.count;
    if (tokenizer_encode(r->tokenizer, slice_of(text), &b->ids, err) != 0)
        return -1;
    return add_end(r, &b->ids, err);
}

static void example_free(struct example *e)
{
    for (size_t i = 0; i < e->count; i++)
        ids_free(&e->branches[i].ids);
    mem_free(e->branches);
    mem_free(e->id);
    *e = (struct example){0};
}

void examples_free(struct examples *list)
{
    for (size_t i = 0; i < list->count; i++)
        example_free(&list->items[i]);
    mem_free(list->items);
    *list = (struct examples){0};
}

size_t branch_trained(const struct branch *b)
{
    size_t first = b->given ? b->given : 1; /* nothing comes before the first token */
    return b->ids.count - first;
}

void example_share(struct example *e)
{
    const struct ids *first = &e->branches[0].ids;
    size_t shared = first->count - 1; /* a sequence's last token is never an input */
    for (size_t i = 1; i < e->count; i++) {
        const struct ids *other = &e->branches[i].ids;
        size_t n = 0, most = other->count - 1 < shared ? other->count - 1 : shared;
        while (n < most && other->items[n] == first->items[n])
            n++;
        shared = n;
    }
    e->shared = shared;
}

size_t example_rows(const struct example *e, bool share)
{
    size_t rows = share ? e->shared : 0;
    for (size_t i = 0; i < e->count; i++)
        rows += e->branches[i].ids.count - 1 - (share ? e->shared : 0);
    return rows;
}

static int check_branch(const struct reader *r, const struct branch *b, struct error *err)
{
    for (size_t i = 0; i < b->ids.count; i++) {
        if (b->ids.items[i] >= r->vocab)
            return error_set(err, ERR_INPUT, "the tokenizer gives id %d, the model has %d: they do not "
                                             "belong together",
                             b->ids.items[i], r->vocab);
    }
    if (b->ids.count > r->max_tokens)
        return error_set(err, ERR_LIMIT,
                         "%zu tokens are more than the %zu of --max-tokens (nothing is cut; --too-long skip "
                         "leaves such examples out)",
                         b->ids.count, r->max_tokens);
    return 0;
}

static int read_example(const struct reader *r, const struct json *j, struct example *e,
                        struct error *err)
{
    const struct json *branches = json_get(j, "branches");
    size_t n = json_size(branches);
    if (!branches)
        return error_set(err, ERR_INPUT, "this is no line of a snapshot, it has no branches; hinge export --method "
                                         "rgt (or isft, or sft) writes snapshots");
    if (n == 0 || n > BRANCHES_MAX)
        return error_set(err, ERR_INPUT, "an example has 1 to %d branches", BRANCHES_MAX);
    e->id = mem_strdup(json_string(json_get(j, "id"), ""));
    e->branches = mem_zalloc(n, sizeof *e->branches);
    for (const struct json *c = json_first(branches); c; c = json_next(c)) {
        struct branch *b = &e->branches[e->count++];
        if (read_branch(r, json_get(j, "prompt"), c, b, err) != 0 || check_branch(r, b, err) != 0)
            return -1;
    }
    example_share(e);
    return 0;
}

static int read_line(const struct reader *r, struct slice line, struct examples *out, size_t *skipped,
                     struct error *err)
{
    struct json *j = json_parse(line, NULL, err);
    struct example e = {0};
    int result = j ? read_example(r, j, &e, err) : -1;
    json_free(j);
    if (result == 0) {
        out->items = array_reserve(out->items, &out->cap, out->count + 1, sizeof *out->items);
        out->items[out->count++] = e;
        return 0;
    }
    example_free(&e);
    if (err->code != ERR_LIMIT || !r->skip_long)
        return -1;
    ++*skipped;
    error_clear(err);
    return 0;
}

int examples_read(const struct reader *r, const char *path, struct examples *out, size_t *skipped,
                  struct error *err)
{
    struct lines *l = lines_open(path, LINE_MAX_BYTES, err);
    struct slice line;
    enum lines_result got = LINES_FAILED;
    int result = l ? 0 : -1;
    *skipped = 0;
    while (result == 0 && (got = lines_next(l, &line, err)) == LINES_LINE) {
        if (slice_trim(line).len && read_line(r, line, out, skipped, err) != 0)
            result = error_prefix(err, "%s: line %llu: ", path, (unsigned long long)lines_number(l));
    }
    if (result == 0 && got == LINES_TOO_LONG)
        result = error_set(err, ERR_LIMIT, "%s: a line is longer than %d bytes", path, LINE_MAX_BYTES);
    if (result == 0 && got == LINES_FAILED)
        result = -1;
    if (result == 0 && out->count == 0)
        result = error_set(err, ERR_INPUT, "%s: no examples", path);
    lines_close(l);
    return result;
}
