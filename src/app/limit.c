#include "app/limit.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"

enum kind { KIND_WORDS, KIND_NUMBER, KIND_STATE, KIND_RULE, KIND_PATTERN };

static const struct field {
    const char *name;
    enum kind kind;
    const char *help;
} fields[LIMIT_FIELDS] = {
    [LIMIT_STATE] = {"state", KIND_STATE, "state:undecided,flagged  state:decided"},
    [LIMIT_TASK] = {"task", KIND_WORDS, "task:ed-note"},
    [LIMIT_SCORE] = {"score", KIND_NUMBER, "score<5  score>=3.5"},
    [LIMIT_HINGES] = {"hinges", KIND_NUMBER, "hinges>=2"},
    [LIMIT_ROUNDS] = {"rounds", KIND_NUMBER, "rounds>1"},
    [LIMIT_TEXT] = {"text", KIND_WORDS, "text:\"chest pain\", or just the words"},
    [LIMIT_PATTERN] = {"", KIND_PATTERN, "/\\d+ ?mg/i  a PCRE2 pattern; i: any case"},
    [LIMIT_RULE] = {"rule", KIND_RULE, "rule:12  rule:none  rule:any"},
    [LIMIT_REVIEWER] = {"reviewer", KIND_WORDS, "reviewer:alice  reviewer:me"},
    [LIMIT_TAG] = {"tag", KIND_WORDS, "tag:late"},
    [LIMIT_SPLIT] = {"split", KIND_WORDS, "split:train,valid  split:none"},
    [LIMIT_EVAL] = {"eval", KIND_RULE, "eval:3  eval:any  what went back to the experts from an eval"},
    [LIMIT_ID] = {"id", KIND_WORDS, "id:ed-01"},
};

const char *const limit_states[] = {"undecided", "accepted", "edited", "rejected",
                                    "skipped",   "flagged",  NULL};

const char *limit_field_name(enum limit_field field)
{
    return fields[field].name;
}

const char *limit_field_help(enum limit_field field)
{
    return fields[field].help;
}

const char *limit_state_word(struct slice word)
{
    if (word.len == 0)
        return NULL;
    if (word.len > 2 && word.len <= 7 && strncmp("decided", word.at, word.len) == 0)
        return "decided";
    for (const char *const *s = limit_states; *s; s++) /* their first letters differ */
        if (strncmp(*s, word.at, word.len) == 0 && word.len <= strlen(*s))
            return *s;
    return NULL;
}

/* What is being read, and where the first fault was. */
struct reader {
    struct limit *l;
    size_t at;
    size_t cap;
    size_t *error_at;
    struct error *err;
};

static bool done(const struct reader *r)
{
    return r->at >= r->l->text.len;
}

static char peek(const struct reader *r)
{
    return done(r) ? '\0' : r->l->text.at[r->at];
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int fault(struct reader *r, size_t at, const char *what, struct slice word)
{
    if (r->error_at)
        *r->error_at = at;
    if (word.len > 60)
        word.len = 60;
    return error_set(r->err, ERR_USAGE, "at %zu: %s%s%.*s%s", at + 1, what, word.len ? " '" : "",
                     (int)word.len, word.len ? word.at : "", word.len ? "'" : "");
}

/* Text up to the closing mark; a backslash keeps the mark itself (and, in patterns, stays before all else).
 * The opening mark is at r->at. */
static int read_quoted(struct reader *r, struct slice *out)
{
    size_t start = r->at;
    char mark = peek(r);
    struct str text = {0};
    for (r->at++; !done(r) && peek(r) != mark; r->at++) {
        bool escape = peek(r) == '\\' && r->at + 1 < r->l->text.len;
        if (escape && (r->l->text.at[r->at + 1] == mark || mark == '/')) {
            if (r->l->text.at[r->at + 1] != mark)
                str_addc(&text, '\\');
            r->at++;
        }
        str_addc(&text, peek(r));
    }
    *out = arena_copy(&r->l->arena, str_slice(&text));
    str_free(&text);
    if (done(r))
        return fault(r, start, mark == '/' ? "the pattern has no closing /" : "the quote is not closed",
                     (struct slice){0});
    r->at++;
    return 0;
}

static int read_value(struct reader *r, struct slice *out)
{
    if (peek(r) == '"')
        return read_quoted(r, out);
    size_t from = r->at;
    while (!done(r) && !is_blank(peek(r)) && peek(r) != ',')
        r->at++;
    *out = arena_copy(&r->l->arena, slice_sub(r->l->text, from, r->at));
    return 0;
}

static int check_state(struct reader *r, struct slice *value, size_t at)
{
    const char *word = limit_state_word(*value);
    if (!word)
        return fault(r, at, "Tab lists the states; there is no",
                     *value);
    *value = slice_of(word);
    return 0;
}

static int check_rule(struct reader *r, enum limit_field field, struct slice value, size_t at)
{
    bool number = value.len > 0 && value.len < 16;
    for (size_t i = 0; i < value.len; i++)
        number = number && value.at[i] >= '0' && value.at[i] <= '9';
    if (number || slice_is(value, "none") || slice_is(value, "any"))
        return 0;
    return fault(r, at, field == LIMIT_EVAL ? "eval: takes an eval's number, none or any, not"
                                            : "rule: takes a rule's number, none or any, not", value);
}

/* The comma-separated values of a term. */
static int read_values(struct reader *r, struct limit_term *t)
{
    size_t cap = 0;
    struct slice *values = NULL;
    int result = 0;
    for (bool more = true; more && result == 0;) {
        size_t at = r->at;
        struct slice value = {0};
        result = read_value(r, &value);
        if (result == 0 && value.len == 0)
            result = fault(r, at, "a value is missing here", (struct slice){0});
        if (result == 0 && fields[t->field].kind == KIND_STATE)
            result = check_state(r, &value, at);
        if (result == 0 && fields[t->field].kind == KIND_RULE)
            result = check_rule(r, t->field, value, at);
        values = array_reserve(values, &cap, t->n_values + 1, sizeof *values);
        values[t->n_values++] = value;
        more = peek(r) == ',';
        if (more)
            r->at++;
    }
    t->values = arena_alloc(&r->l->arena, t->n_values * sizeof *values);
    memcpy(t->values, values, t->n_values * sizeof *values);
    mem_free(values);
    return result;
}

static int read_number(struct reader *r, struct limit_term *t)
{
    size_t at = r->at;
    struct slice word;
    if (read_value(r, &word) != 0)
        return -1;
    char *end = NULL;
    t->number = word.len > 0 && word.len < 32 ? strtod(word.at, &end) : 0; /* a NUL follows it */
    bool plain = word.len == strspn(word.at, "0123456789.-+");
    if (!end || end != word.at + word.len || !plain)
        return fault(r, at, word.len ? "a number belongs here, not" : "a number is missing here", word);
    if (peek(r) == ',')
        return fault(r, r->at, "numbers take no list; use two terms", (struct slice){0});
    return 0;
}

static const struct {
    const char *sign;
    enum limit_op op;
    bool negated;
} signs[] = {{"<=", LIMIT_LESS_IS, false}, {">=", LIMIT_MORE_IS, false}, {"!=", LIMIT_IS, true},
             {"<", LIMIT_LESS, false},     {">", LIMIT_MORE, false},     {":", LIMIT_IS, false},
             {"=", LIMIT_IS, false},       {NULL, LIMIT_IS, false}};

static bool read_sign(struct reader *r, struct limit_term *t)
{
    struct slice rest = slice_sub(r->l->text, r->at, r->l->text.len);
    for (size_t i = 0; signs[i].sign; i++) {
        if (!slice_starts(rest, signs[i].sign))
            continue;
        t->op = signs[i].op;
        t->negated ^= signs[i].negated;
        r->at += strlen(signs[i].sign);
        return true;
    }
    return false;
}

static int find_field(struct slice name)
{
    for (int i = 0; i < LIMIT_FIELDS; i++)
        if (name.len && slice_is(name, fields[i].name))
            return i;
    return -1;
}

static int read_bare(struct reader *r, struct limit_term *t)
{
    t->field = LIMIT_TEXT;
    t->op = LIMIT_IS;
    size_t from = r->at;
    t->values = arena_zalloc(&r->l->arena, 1, sizeof *t->values);
    t->n_values = 1;
    if (peek(r) == '"')
        return read_quoted(r, &t->values[0]);
    while (!done(r) && !is_blank(peek(r)))
        r->at++;
    t->values[0] = arena_copy(&r->l->arena, slice_sub(r->l->text, from, r->at));
    return 0;
}

static int read_pattern(struct reader *r, struct limit_term *t)
{
    size_t start = r->at;
    t->field = LIMIT_PATTERN;
    t->values = arena_zalloc(&r->l->arena, 1, sizeof *t->values);
    t->n_values = 1;
    if (read_quoted(r, &t->values[0]) != 0)
        return -1;
    if (t->values[0].len == 0)
        return fault(r, start, "the pattern is empty", (struct slice){0});
    t->caseless = peek(r) == 'i';
    r->at += t->caseless;
    if (!done(r) && !is_blank(peek(r)))
        return fault(r, r->at, "after a pattern only the letter i may stand (any case)", (struct slice){0});
    return 0;
}

/* A term that begins with a letter: "name sign value", or a bare word. */
static int read_named(struct reader *r, struct limit_term *t)
{
    size_t start = r->at;
    while (peek(r) >= 'a' && peek(r) <= 'z')
        r->at++;
    struct slice name = slice_sub(r->l->text, start, r->at);
    if (name.len == 0 || !read_sign(r, t)) {
        r->at = start;
        return read_bare(r, t);
    }
    int field = find_field(name);
    if (field < 0)
        return fault(r, start,
                     "no such field (Tab after a blank lists them):", name);
    t->field = (enum limit_field)field;
    if (fields[field].kind == KIND_NUMBER)
        return read_number(r, t);
    if (t->op != LIMIT_IS)
        return fault(r, start + name.len, "only numbers can be less or more; write : or = after", name);
    return read_values(r, t);
}

static int read_term(struct reader *r, struct limit_term *t)
{
    t->from = r->at;
    if (peek(r) == '!') {
        t->negated = true;
        r->at++;
    }
    if (done(r) || is_blank(peek(r)))
        return fault(r, r->at, "a term is missing after !", (struct slice){0});
    int result = peek(r) == '/'   ? read_pattern(r, t)
                 : peek(r) == '"' ? read_bare(r, t)
                                  : read_named(r, t);
    t->to = r->at;
    return result;
}

int limit_parse(struct limit *l, struct slice text, size_t *error_at, struct error *err)
{
    l->text = arena_copy(&l->arena, slice_trim(text));
    struct reader r = {.l = l, .error_at = error_at, .err = err};
    struct limit_term *terms = NULL;
    int result = 0;
    for (; result == 0;) {
        while (is_blank(peek(&r)))
            r.at++;
        if (done(&r))
            break;
        terms = array_reserve(terms, &r.cap, l->count + 1, sizeof *terms);
        terms[l->count] = (struct limit_term){.op = LIMIT_IS};
        result = read_term(&r, &terms[l->count++]);
    }
    if (result != 0)
        l->count = 0;
    l->terms = arena_take(&l->arena, terms, l->count, sizeof *terms);
    return result;
}

void limit_free(struct limit *l)
{
    arena_free(&l->arena);
    *l = (struct limit){0};
}

void limit_quote(struct str *out, struct slice value)
{
    bool plain = value.len > 0;
    for (size_t i = 0; i < value.len; i++)
        plain = plain && !is_blank(value.at[i]) && !strchr(",\"\\", value.at[i]);
    if (plain) {
        str_add_slice(out, value);
        return;
    }
    str_addc(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] == '"')
            str_addc(out, '\\');
        str_addc(out, value.at[i]);
    }
    str_addc(out, '"');
}
