#include "app/reasons.h"

#include <string.h>

const struct reason reject_reasons[] = {
    {"wrong", "the rule is not true"},
    {"vague", "true, but it would not change what is written"},
    {"broad", "true here, harmful elsewhere"},
    {"narrow", "fits this record alone"},
    {"style", "a matter of taste, not a mistake"},
    {"grader", "the grader was wrong: y0 was right"},
    {"unsafe", "following it could harm a patient"},
    {"duplicate", "another rule says it already"},
    {"other", "in your own words"},
    {NULL, NULL},
};

static const struct reason *find(struct slice word)
{
    if (word.len == 0)
        return NULL;
    for (const struct reason *r = reject_reasons; r->word; r++)
        if (word.len <= strlen(r->word) && memcmp(r->word, word.at, word.len) == 0)
            return r;
    return NULL;
}

int reason_read(struct str *out, struct slice typed, struct error *err)
{
    typed = slice_trim(typed);
    if (typed.len == 0)
        return error_set(err, ERR_USAGE, "a reason is needed: choose one, or say it in your own words");
    size_t end = 0;
    while (end < typed.len && typed.at[end] != ' ' && typed.at[end] != ':')
        end++;
    const struct reason *r = find(slice_sub(typed, 0, end));
    struct slice rest = typed;
    bool colon = end < typed.len && typed.at[end] == ':';
    bool whole = r && end == strlen(r->word);
    if (r && (whole || colon || end == typed.len)) /* "v rare case" is free text, "v: rare" a choice */
        rest = slice_trim(slice_sub(typed, end + colon, typed.len));
    else
        r = find(SLICE("other"));
    str_adds(out, r->word);
    if (rest.len) {
        str_adds(out, ": ");
        str_add_slice(out, rest);
    }
    return 0;
}
