#include "domain/record_fields.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_raw.h"
#include "base/json_text.h"

/* Names what a value is, for messages. */
static const char *kind(struct slice value)
{
    switch (value.len ? value.at[0] : 0) {
    case '"': return "text";
    case '{': return "an object";
    case '[': return "a list";
    case 't':
    case 'f': return "true or false";
    case 'n': return "null";
    default: return "a number";
    }
}

static bool is_null(struct slice value)
{
    return slice_is(value, "null");
}

static int wrong(struct error *err, const char *field, const char *wanted, struct slice value)
{
    return error_set(err, ERR_INPUT, "%s: must be %s, not %s", field, wanted, kind(value));
}

static int read_text(struct arena *a, char **to, struct slice value, const char *field,
                     struct error *err)
{
    *to = NULL;
    if (is_null(value))
        return 0;
    if (value.at[0] != '"')
        return wrong(err, field, "text", value);
    if (!memchr(value.at, '\\', value.len)) {
        *to = arena_strndup(a, value.at + 1, value.len - 2);
        return 0;
    }
    struct str text = {0};
    json_unquote(&text, value);
    *to = arena_strndup(a, str_z(&text), text.len);
    str_free(&text);
    return 0;
}

static int read_number(double *to, struct slice value, const char *field, struct error *err)
{
    if (value.at[0] != '-' && !isdigit((unsigned char)value.at[0]))
        return wrong(err, field, "a number", value);
    struct str digits = {0};
    str_add_slice(&digits, value);
    *to = strtod(str_z(&digits), NULL);
    str_free(&digits);
    return isfinite(*to) ? 0 : error_set(err, ERR_INPUT, "%s: is not a finite number", field);
}

static void print_number(struct str *out, double value)
{
    struct json *j = json_new_number(value);
    json_print(out, j);
    json_free(j);
}

static bool print_text(struct str *out, const char *text)
{
    if (!text)
        return false;
    json_quote(out, slice_of(text));
    return true;
}

/* Appends "," (but not after the opening bracket) and the name of a member. */
static void print_key(struct str *out, const char *name)
{
    if (out->len && out->at[out->len - 1] != '{')
        str_addc(out, ',');
    str_addf(out, "\"%s\":", name);
}

static void print_member(struct str *out, const char *name, const char *text)
{
    if (text) {
        print_key(out, name);
        print_text(out, text);
    }
}

/* Number of elements of a checked list. */
static size_t count_elements(struct slice list)
{
    size_t count = 0, at = 0;
    struct slice key, value;
    while (json_raw_next(list, &at, &key, &value))
        count++;
    return count;
}

/* The value of a member whose key has no escapes; the last one where there are several. */
static bool member(struct slice object, const char *name, struct slice *value)
{
    bool found = false;
    size_t at = 0;
    struct slice key, each;
    while (json_raw_next(object, &at, &key, &each))
        if (slice_is(slice_sub(key, 1, key.len - 1), name)) {
            *value = each;
            found = true;
        }
    return found;
}

/* --- plain texts --------------------------------------------------------------------------- */

static int read_id(struct record *r, struct slice value, struct error *err)
{
    if (isdigit((unsigned char)value.at[0]) || value.at[0] == '-') {
        r->id = arena_strndup(&r->arena, value.at, value.len);
        return 0;
    }
    return read_text(&r->arena, &r->id, value, "id", err);
}

static bool print_id(struct str *out, const struct record *r)
{
    return print_text(out, r->id);
}

/* The members that are a text and nothing more. */
#define TEXT_FIELD(name)                                                                           \
    static int read_##name(struct record *r, struct slice value, struct error *err)               \
    {                                                                                              \
        return read_text(&r->arena, &r->name, value, #name, err);                                  \
    }                                                                                              \
    static bool print_##name(struct str *out, const struct record *r)                             \
    {                                                                                              \
        return print_text(out, r->name);                                                           \
    }

TEXT_FIELD(task)
TEXT_FIELD(y0)
TEXT_FIELD(y_star)
TEXT_FIELD(rationale)

static int read_split(struct record *r, struct slice value, struct error *err)
{
    static const struct {
        const char *said, *meant;
    } names[] = {
        {"train", "train"}, {"valid", "valid"},      {"test", "test"}, {"training", "train"},
        {"dev", "valid"},   {"validation", "valid"}, {"val", "valid"}, {"testing", "test"},
    };
    char *said;
    if (read_text(&r->arena, &said, value, "split", err) != 0)
        return -1;
    for (size_t i = 0; said && i < sizeof names / sizeof *names; i++)
        if (strcmp(said, names[i].said) == 0) {
            r->split = arena_strndup(&r->arena, names[i].meant, strlen(names[i].meant));
            return 0;
        }
    return error_set(err, ERR_INPUT, "split: must be train, valid or test");
}

static bool print_split(struct str *out, const struct record *r)
{
    return print_text(out, r->split);
}

/* --- scores --------------------------------------------------------------------------------- */

static int read_score(struct record *r, struct slice value, struct error *err)
{
    r->has_score = true;
    return read_number(&r->score, value, "score", err);
}

static bool print_score(struct str *out, const struct record *r)
{
    if (r->has_score)
        print_number(out, r->score);
    return r->has_score;
}

static int read_score_max(struct record *r, struct slice value, struct error *err)
{
    r->has_score_max = true;
    return read_number(&r->score_max, value, "score_max", err);
}

static bool print_score_max(struct str *out, const struct record *r)
{
    if (r->has_score_max)
        print_number(out, r->score_max);
    return r->has_score_max;
}

/* --- prompt --------------------------------------------------------------------------------- */

/* Content given as parts: their texts, one after the other. */
static int read_parts(struct arena *a, struct message *m, struct slice list, struct error *err)
{
    struct str all = {0};
    size_t at = 0;
    struct slice key, part, value;
    int result = 0;
    while (result == 0 && json_raw_next(list, &at, &key, &part)) {
        char *text = NULL;
        if (part.at[0] == '"')
            result = read_text(a, &text, part, "prompt", err);
        else if (part.at[0] == '{' && member(part, "text", &value))
            result = read_text(a, &text, value, "prompt", err);
        else if (part.at[0] != '{')
            result = wrong(err, "prompt", "a list of messages with text", part);
        str_adds(&all, text ? text : "");
    }
    m->content = arena_strndup(a, str_z(&all), all.len);
    str_free(&all);
    return result;
}

static int read_message(struct arena *a, struct message *m, struct slice value, struct error *err)
{
    struct slice role, content;
    if (value.at[0] != '{')
        return wrong(err, "prompt", "a list of messages", value);
    if (!member(value, "role", &role) || role.at[0] != '"')
        return error_set(err, ERR_INPUT, "prompt: a message has no role");
    if (read_text(a, &m->role, role, "prompt", err) != 0)
        return -1;
    m->content = arena_strndup(a, "", 0);
    if (!member(value, "content", &content) || is_null(content))
        return 0; /* a message that only calls a tool */
    if (content.at[0] == '[')
        return read_parts(a, m, content, err);
    return read_text(a, &m->content, content, "prompt", err);
}

static int read_prompt(struct record *r, struct slice value, struct error *err)
{
    struct prompt *p = &r->prompt;
    if (value.at[0] != '"' && value.at[0] != '[')
        return wrong(err, "prompt", "text or a list of messages", value);
    p->chat = value.at[0] == '[';
    p->count = p->chat ? count_elements(value) : 1;
    p->messages = arena_zalloc(&r->arena, p->count, sizeof *p->messages);
    if (!p->chat) {
        p->messages[0].role = arena_strndup(&r->arena, "user", 4);
        return read_text(&r->arena, &p->messages[0].content, value, "prompt", err);
    }
    size_t at = 0;
    struct slice key, each;
    for (size_t i = 0; json_raw_next(value, &at, &key, &each); i++)
        if (read_message(&r->arena, &p->messages[i], each, err) != 0)
            return -1;
    return 0;
}

static bool print_prompt(struct str *out, const struct record *r)
{
    const struct prompt *p = &r->prompt;
    if (!p->count)
        return false;
    if (!p->chat)
        return print_text(out, p->messages[0].content);
    for (size_t i = 0; i < p->count; i++) {
        str_adds(out, i ? ",{" : "[{");
        print_member(out, "role", p->messages[i].role);
        print_member(out, "content", p->messages[i].content);
        str_addc(out, '}');
    }
    str_addc(out, ']');
    return true;
}

/* --- rounds --------------------------------------------------------------------------------- */

static int read_round(struct arena *a, struct round *to, struct slice value, struct error *err)
{
    struct slice part;
    if (value.at[0] != '{')
        return wrong(err, "rounds", "a list of objects", value);
    if (!member(value, "output", &part) || part.at[0] != '"')
        return error_set(err, ERR_INPUT, "rounds: a round has no output");
    if (read_text(a, &to->output, part, "rounds", err) != 0)
        return -1;
    if (member(value, "score", &part) && !is_null(part)) {
        to->has_score = true;
        if (read_number(&to->score, part, "rounds", err) != 0)
            return -1;
    }
    return member(value, "rationale", &part) ? read_text(a, &to->rationale, part, "rounds", err)
                                             : 0;
}

static int read_rounds(struct record *r, struct slice value, struct error *err)
{
    if (value.at[0] != '[')
        return wrong(err, "rounds", "a list", value);
    r->n_rounds = count_elements(value);
    r->rounds = arena_zalloc(&r->arena, r->n_rounds, sizeof *r->rounds);
    size_t at = 0;
    struct slice key, each;
    for (size_t i = 0; json_raw_next(value, &at, &key, &each); i++)
        if (read_round(&r->arena, &r->rounds[i], each, err) != 0)
            return -1;
    return 0;
}

static bool print_rounds(struct str *out, const struct record *r)
{
    for (size_t i = 0; i < r->n_rounds; i++) {
        str_adds(out, i ? ",{" : "[{");
        print_member(out, "output", r->rounds[i].output);
        if (r->rounds[i].has_score) {
            print_key(out, "score");
            print_number(out, r->rounds[i].score);
        }
        print_member(out, "rationale", r->rounds[i].rationale);
        str_addc(out, '}');
    }
    if (r->n_rounds)
        str_addc(out, ']');
    return r->n_rounds > 0;
}

/* --- spans ---------------------------------------------------------------------------------- */

static int read_offset(size_t *to, struct slice span, const char *name, struct error *err)
{
    struct slice value;
    double number = 0;
    if (!member(span, name, &value))
        return error_set(err, ERR_INPUT, "spans: a span has no %s", name);
    if (read_number(&number, value, "spans", err) != 0)
        return -1;
    if (number < 0 || number > 1e15 || floor(number) != number)
        return error_set(err, ERR_INPUT, "spans: %s must be a whole number from 0", name);
    *to = (size_t)number;
    return 0;
}

static int read_span(struct arena *a, struct record_span *to, struct slice value,
                     struct error *err)
{
    struct slice label;
    if (value.at[0] != '{')
        return wrong(err, "spans", "a list of objects", value);
    if (read_offset(&to->start, value, "start", err) != 0 ||
        read_offset(&to->end, value, "end", err) != 0)
        return -1;
    return member(value, "label", &label) ? read_text(a, &to->label, label, "spans", err) : 0;
}

static int read_spans(struct record *r, struct slice value, struct error *err)
{
    if (value.at[0] != '[')
        return wrong(err, "spans", "a list", value);
    r->n_spans = count_elements(value);
    r->spans = arena_zalloc(&r->arena, r->n_spans, sizeof *r->spans);
    size_t at = 0;
    struct slice key, each;
    for (size_t i = 0; json_raw_next(value, &at, &key, &each); i++)
        if (read_span(&r->arena, &r->spans[i], each, err) != 0)
            return -1;
    return 0;
}

static bool print_spans(struct str *out, const struct record *r)
{
    for (size_t i = 0; i < r->n_spans; i++) {
        str_addf(out, "%s{\"start\":%zu,\"end\":%zu", i ? "," : "[", r->spans[i].start,
                 r->spans[i].end);
        print_member(out, "label", r->spans[i].label);
        str_addc(out, '}');
    }
    if (r->n_spans)
        str_addc(out, ']');
    return r->n_spans > 0;
}

/* --- rule and meta -------------------------------------------------------------------------- */

static int read_rule(struct record *r, struct slice value, struct error *err)
{
    struct slice part;
    if (value.at[0] != '{')
        return wrong(err, "rule", "an object with mistake and guardrail", value);
    if (member(value, "mistake", &part) &&
        read_text(&r->arena, &r->rule.mistake, part, "rule", err) != 0)
        return -1;
    return member(value, "guardrail", &part)
               ? read_text(&r->arena, &r->rule.guardrail, part, "rule", err)
               : 0;
}

static bool print_rule(struct str *out, const struct record *r)
{
    if (!r->rule.mistake && !r->rule.guardrail)
        return false;
    str_addc(out, '{');
    print_member(out, "mistake", r->rule.mistake);
    print_member(out, "guardrail", r->rule.guardrail);
    str_addc(out, '}');
    return true;
}

static int read_meta(struct record *r, struct slice value, struct error *err)
{
    (void)err; /* any value will do */
    struct str text = {0};
    json_compact(&text, value, false);
    r->meta = arena_strndup(&r->arena, str_z(&text), text.len);
    str_free(&text);
    return 0;
}

static bool print_meta(struct str *out, const struct record *r)
{
    if (r->meta)
        str_adds(out, r->meta);
    return r->meta != NULL;
}

#define FIELD(name) {#name, read_##name, print_##name, false}

const struct record_field record_fields[RECORD_FIELDS] = {
    FIELD(id),        FIELD(task),      FIELD(prompt), FIELD(y0),
    FIELD(rounds),    FIELD(y_star),    FIELD(score),  FIELD(score_max),
    FIELD(rationale), FIELD(spans),     FIELD(rule),   FIELD(split),
    {"meta", read_meta, print_meta, true},
};

int record_field_find(struct slice name)
{
    for (int i = 0; i < RECORD_FIELDS; i++)
        if (slice_is(name, record_fields[i].name))
            return i;
    return -1;
}
