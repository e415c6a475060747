#include "base/str.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

struct slice slice_of(const char *text)
{
    return (struct slice){text ? text : "", text ? strlen(text) : 0};
}

bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool slice_is(struct slice a, const char *text)
{
    return slice_eq(a, slice_of(text));
}

int slice_cmp(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.at, b.at, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool slice_starts(struct slice a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && memcmp(a.at, prefix, len) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice a)
{
    while (a.len && is_blank(a.at[0])) {
        a.at++;
        a.len--;
    }
    while (a.len && is_blank(a.at[a.len - 1]))
        a.len--;
    return a;
}

struct slice slice_sub(struct slice a, size_t from, size_t to)
{
    if (to > a.len)
        to = a.len;
    if (from > to)
        from = to;
    return (struct slice){a.at ? a.at + from : "", to - from};
}

void str_free(struct str *s)
{
    mem_free(s->at);
    *s = (struct str){0};
}

void str_cut(struct str *s, size_t len)
{
    if (len < s->len) {
        s->len = len;
        s->at[len] = '\0';
    }
}

void str_clear(struct str *s)
{
    str_cut(s, 0);
}

void str_reserve(struct str *s, size_t extra)
{
    assert(extra < SIZE_MAX / 2 - s->len);
    size_t need = s->len + extra + 1;
    if (need <= s->cap)
        return;
    size_t cap = s->cap ? s->cap : 32;
    while (cap < need)
        cap *= 2;
    s->at = mem_resize(s->at, cap);
    s->cap = cap;
    s->at[s->len] = '\0';
}

void str_add(struct str *s, const void *bytes, size_t len)
{
    if (!len)
        return;
    str_reserve(s, len);
    memcpy(s->at + s->len, bytes, len);
    s->len += len;
    s->at[s->len] = '\0';
}

void str_add_slice(struct str *s, struct slice text)
{
    str_add(s, text.at, text.len);
}

void str_adds(struct str *s, const char *text)
{
    str_add(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
    str_add(s, &c, 1);
}

void str_vaddf(struct str *s, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    if (len > 0) {
        str_reserve(s, (size_t)len);
        vsnprintf(s->at + s->len, (size_t)len + 1, fmt, again);
        s->len += (size_t)len;
    }
    va_end(again);
}

void str_addf(struct str *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    str_vaddf(s, fmt, args);
    va_end(args);
}

void str_splice(struct str *s, size_t from, size_t to, struct slice with)
{
    assert(from <= to && to <= s->len);
    if (with.len > to - from)
        str_reserve(s, with.len - (to - from));
    if (!s->at)
        return;
    memmove(s->at + from + with.len, s->at + to, s->len - to + 1);
    if (with.len)
        memcpy(s->at + from, with.at, with.len);
    s->len = s->len - (to - from) + with.len;
}

struct slice str_slice(const struct str *s)
{
    return (struct slice){str_z(s), s->len};
}

const char *str_z(const struct str *s)
{
    return s->at ? s->at : "";
}

char *str_take(struct str *s)
{
    char *text = s->at ? s->at : mem_strdup("");
    *s = (struct str){0};
    return text;
}
