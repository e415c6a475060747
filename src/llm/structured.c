#include "llm/structured.h"

#include <string.h>

#include "base/json_raw.h"
#include "base/json_text.h"
#include "llm/schema.h"

enum { TRIES_MAX = 64 };

/* The value in a piece of text, when the piece is nothing else. Containers alone: an answer is never a bare word. */
static struct json *parse_piece(struct slice piece)
{
    size_t bad;
    piece = slice_trim(piece);
    if (!piece.len || (piece.at[0] != '{' && piece.at[0] != '[') || !json_check(piece, &bad))
        return NULL;
    return json_parse(piece, NULL, NULL);
}

/* Keeps the first value that parses, and takes a later one that fits the schema in its place. True: it fits. */
static bool consider(struct json **best, struct error *fault, struct slice piece, const struct json *schema)
{
    struct error err = {0};
    struct json *j = parse_piece(piece);
    if (!j)
        return false;
    bool fits = schema_check(schema, j, &err) == 0;
    if (fits || !*best) {
        json_free(*best);
        *best = j;
        *fault = err;
    } else {
        json_free(j);
    }
    return fits;
}

static const char *find_fence(struct slice text, size_t from)
{
    return from < text.len ? memmem(text.at + from, text.len - from, "```", 3) : NULL;
}

/* Fenced blocks, the last one first. */
static bool consider_fences(struct json **best, struct error *fault, struct slice text, const struct json *schema)
{
    struct slice blocks[TRIES_MAX];
    size_t n = 0, at = 0;
    const char *open, *close;
    while (n < TRIES_MAX && (open = find_fence(text, at)) != NULL) {
        size_t from = (size_t)(open - text.at) + 3;
        close = find_fence(text, from);
        size_t to = close ? (size_t)(close - text.at) : text.len;
        const char *line = memchr(text.at + from, '\n', to - from); /* the language's name ends there */
        if (line && text.at[from] != '{' && text.at[from] != '[')
            from = (size_t)(line - text.at) + 1;
        blocks[n++] = slice_sub(text, from, to);
        at = close ? to + 3 : text.len;
    }
    while (n > 0) {
        if (consider(best, fault, blocks[--n], schema))
            return true;
    }
    return false;
}

/* Balanced objects from the left; what does not parse is passed over by one brace. */
static bool consider_objects(struct json **best, struct error *fault, struct slice text, const struct json *schema)
{
    size_t at = 0;
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        const char *brace = at < text.len ? memchr(text.at + at, '{', text.len - at) : NULL;
        if (!brace)
            return false;
        at = (size_t)(brace - text.at);
        size_t len = json_raw_value(text, at);
        struct slice piece = {text.at + at, len};
        size_t bad;
        if (len && consider(best, fault, piece, schema))
            return true;
        at += len && json_check(piece, &bad) ? len : 1;
    }
    return false;
}

struct json *structured_read(struct slice reply, const char *schema, struct error *err)
{
    struct str clean = {0};
    struct error fault = {0};
    struct json *rules = json_parse(slice_of(schema), NULL, NULL), *best = NULL;
    struct slice text = json_repair(&clean, reply) ? str_slice(&clean) : reply;
    bool fits = consider(&best, &fault, text, rules) || consider_fences(&best, &fault, text, rules) ||
                consider_objects(&best, &fault, text, rules);
    if (!best)
        error_set(err, ERR_INPUT, slice_trim(text).len ? "the reply holds no JSON object" : "the reply is empty");
    else if (!fits && err)
        *err = fault;
    if (!fits) {
        json_free(best);
        best = NULL;
    }
    json_free(rules);
    str_free(&clean);
    return best;
}

void structured_ask(struct str *out, const char *schema)
{
    str_addf(out, "Answer with one JSON object and nothing else: no words before or after it, no code fence. It must "
                  "fit this JSON schema:\n%s\n", schema);
}

void structured_repair(struct str *out, const char *schema, const struct error *fault)
{
    str_addf(out, "Your last answer could not be read: %s.\nGive the same answer again, its content unchanged, as one "
                  "JSON object and nothing else: no words before or after it, no code fence. It must fit this JSON "
                  "schema:\n%s\n", fault->text, schema);
}
