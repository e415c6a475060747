#include "base/json_raw.h"

#include <string.h>

static size_t skip_blanks(struct slice t, size_t at)
{
    while (at < t.len && strchr(" \t\r\n", t.at[at]) && t.at[at])
        at++;
    return at;
}

/* One past the closing quote of the string that opens at t.at[at], or 0. */
static size_t string_end(struct slice t, size_t at)
{
    for (size_t i = at + 1; i < t.len; i++) {
        if (t.at[i] == '\\')
            i++;
        else if (t.at[i] == '"')
            return i + 1;
    }
    return 0;
}

/* One past the bracket that closes the one at t.at[at], or 0. Kinds of brackets are not matched
 * against each other: a tree parser refuses such text later. */
static size_t nest_end(struct slice t, size_t at)
{
    size_t depth = 0;
    for (size_t i = at; i < t.len;) {
        char c = t.at[i];
        if (c == '"') {
            i = string_end(t, i);
            if (!i)
                return 0;
            continue;
        }
        i++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return i;
    }
    return 0;
}

static size_t scalar_end(struct slice t, size_t at)
{
    while (at < t.len && t.at[at] && !strchr(" \t\r\n,:]}[{\"", t.at[at]))
        at++;
    return at;
}

size_t json_raw_value(struct slice t, size_t at)
{
    if (at >= t.len)
        return 0;
    size_t end;
    if (t.at[at] == '"')
        end = string_end(t, at);
    else if (t.at[at] == '{' || t.at[at] == '[')
        end = nest_end(t, at);
    else
        end = scalar_end(t, at);
    return end > at ? end - at : 0;
}

bool json_raw_next(struct slice t, size_t *at, struct slice *key, struct slice *value)
{
    size_t i = skip_blanks(t, *at);
    bool first = *at == 0;
    if (i >= t.len || (first ? t.at[i] != '{' && t.at[i] != '[' : t.at[i] != ','))
        return false;
    size_t open = skip_blanks(t, 0);
    bool object = t.at[open] == '{';
    i = skip_blanks(t, i + 1);
    *key = (struct slice){"", 0};
    if (object) {
        size_t len = i < t.len && t.at[i] == '"' ? json_raw_value(t, i) : 0;
        if (!len)
            return false;
        *key = slice_sub(t, i, i + len);
        i = skip_blanks(t, i + len);
        if (i >= t.len || t.at[i] != ':')
            return false;
        i = skip_blanks(t, i + 1);
    }
    size_t len = json_raw_value(t, i);
    if (!len)
        return false;
    *value = slice_sub(t, i, i + len);
    *at = i + len;
    return true;
}
