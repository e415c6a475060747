#include "base/json_text.h"

#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

enum { DEPTH_MAX = 512 };

struct scan {
    struct slice text;
    size_t at;
};

static int peek(const struct scan *s)
{
    return s->at < s->text.len ? (unsigned char)s->text.at[s->at] : -1;
}

static void skip_blanks(struct scan *s)
{
    int c = peek(s);
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        s->at++;
        c = peek(s);
    }
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Value of the four hex digits at text.at[at], or -1. */
static long hex4(struct slice text, size_t at)
{
    long value = 0;
    for (size_t i = at; i < at + 4; i++) {
        int digit = i < text.len ? hex_digit((unsigned char)text.at[i]) : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static bool check_string(struct scan *s)
{
    for (s->at++; s->at < s->text.len; s->at++) {
        unsigned char c = (unsigned char)s->text.at[s->at];
        if (c == '"') {
            s->at++;
            return true;
        }
        if (c < 0x20)
            return false;
        if (c != '\\')
            continue;
        s->at++;
        int e = peek(s);
        if (e == 'u') {
            if (hex4(s->text, s->at + 1) < 0)
                return false;
            s->at += 4;
        } else if (e < 0 || !strchr("\"\\/bfnrt", e)) {
            return false;
        }
    }
    return false;
}

/* Steps over digits; false when there is none. */
static bool check_digits(struct scan *s)
{
    size_t from = s->at;
    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return s->at > from;
}

static bool check_number(struct scan *s)
{
    if (peek(s) == '-')
        s->at++;
    if (peek(s) == '0')
        s->at++;
    else if (!check_digits(s))
        return false;
    if (peek(s) == '.') {
        s->at++;
        if (!check_digits(s))
            return false;
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        return check_digits(s);
    }
    return true;
}

static bool check_word(struct scan *s, const char *word)
{
    for (; *word; word++, s->at++)
        if (peek(s) != *word)
            return false;
    return true;
}

static bool check_value(struct scan *s, int depth);

/* The members or elements up to the closing bracket. */
static bool check_nest(struct scan *s, int depth)
{
    bool object = peek(s) == '{';
    int close = object ? '}' : ']';
    s->at++;
    skip_blanks(s);
    if (peek(s) == close) {
        s->at++;
        return true;
    }
    for (;;) {
        if (object) {
            if (peek(s) != '"' || !check_string(s))
                return false;
            skip_blanks(s);
            if (peek(s) != ':')
                return false;
            s->at++;
        }
        if (!check_value(s, depth))
            return false;
        int c = peek(s);
        if (c != ',' && c != close)
            return false;
        s->at++;
        if (c == close)
            return true;
        skip_blanks(s);
    }
}

/* One value with the blanks around it. */
static bool check_value(struct scan *s, int depth)
{
    skip_blanks(s);
    bool good;
    switch (peek(s)) {
    case '{':
    case '[': good = depth < DEPTH_MAX && check_nest(s, depth + 1); break;
    case '"': good = check_string(s); break;
    case 't': good = check_word(s, "true"); break;
    case 'f': good = check_word(s, "false"); break;
    case 'n': good = check_word(s, "null"); break;
    default: good = check_number(s);
    }
    skip_blanks(s);
    return good;
}

bool json_check(struct slice text, size_t *bad_at)
{
    struct scan s = {.text = text};
    bool good = check_value(&s, 0) && s.at == text.len;
    *bad_at = s.at;
    return good;
}

static bool high_surrogate(long unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool low_surrogate(long unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Bytes of the escape at text.at[at] ('\\'); *bad when it stands for no character. */
static size_t escape_len(struct slice text, size_t at, bool *bad)
{
    *bad = false;
    if (at + 1 >= text.len)
        return 1;
    if (text.at[at + 1] != 'u')
        return 2;
    long unit = hex4(text, at + 2);
    if (unit < 0)
        return 2;
    bool pair = high_surrogate(unit) && at + 7 < text.len && text.at[at + 6] == '\\' &&
                text.at[at + 7] == 'u' && low_surrogate(hex4(text, at + 8));
    *bad = unit == 0 || (!pair && (high_surrogate(unit) || low_surrogate(unit)));
    return pair ? 12 : 6;
}

/* Replaces what escape_len calls bad. */
static size_t repair_escapes(struct str *out, struct slice text)
{
    size_t found = 0, copied = 0;
    const char *hit;
    for (size_t i = 0; i < text.len && (hit = memchr(text.at + i, '\\', text.len - i));) {
        bool bad;
        i = (size_t)(hit - text.at);
        size_t len = escape_len(text, i, &bad);
        if (bad) {
            str_add(out, text.at + copied, i - copied);
            str_adds(out, "\\ufffd");
            copied = i + len;
            found++;
        }
        i += len;
    }
    if (found)
        str_add(out, text.at + copied, text.len - copied);
    return found;
}

size_t json_repair(struct str *out, struct slice text)
{
    if (utf8_valid(text))
        return repair_escapes(out, text);
    struct str clean = {0};
    size_t faults = utf8_repair(&clean, text);
    size_t escapes = repair_escapes(out, str_slice(&clean));
    if (!escapes)
        str_add_slice(out, str_slice(&clean));
    str_free(&clean);
    return faults + escapes;
}

/* Appends the character that the escape at *at stands for and steps over it. */
static void add_escape(struct str *out, struct slice text, size_t *at)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char c = text.at[*at + 1];
    if (c != 'u') {
        str_addc(out, meant[strchr(letters, c) - letters]);
        *at += 2;
        return;
    }
    long cp = hex4(text, *at + 2);
    *at += 6;
    if (high_surrogate(cp)) {
        cp = 0x10000 + ((cp - 0xD800) << 10) + (hex4(text, *at + 2) - 0xDC00);
        *at += 6;
    }
    char bytes[4];
    str_add(out, bytes, utf8_encode((uint32_t)cp, bytes));
}

void json_unquote(struct str *out, struct slice quoted)
{
    struct slice inner = slice_sub(quoted, 1, quoted.len - 1);
    for (size_t i = 0; i < inner.len;) {
        const char *hit = memchr(inner.at + i, '\\', inner.len - i);
        size_t plain = hit ? (size_t)(hit - inner.at) : inner.len;
        str_add(out, inner.at + i, plain - i);
        i = plain;
        if (hit)
            add_escape(out, inner, &i);
    }
}

static void add_string(struct str *out, struct slice quoted, bool recode)
{
    if (!recode) {
        str_add_slice(out, quoted);
        return;
    }
    struct str text = {0};
    json_unquote(&text, quoted);
    json_quote(out, str_slice(&text));
    str_free(&text);
}

void json_compact(struct str *out, struct slice text, bool recode)
{
    struct scan s = {.text = text};
    for (skip_blanks(&s); s.at < text.len; skip_blanks(&s)) {
        size_t from = s.at;
        if (peek(&s) == '"') {
            check_string(&s);
            add_string(out, slice_sub(text, from, s.at), recode);
        } else {
            str_addc(out, text.at[s.at++]);
        }
    }
}
