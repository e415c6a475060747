#include "pipeline/strategy.h"

#include <string.h>
#include <strings.h>

/* Bytes of the think tag that starts at text, or 0. */
static size_t think_tag(const char *text)
{
    static const char *const tags[] = {"<think>", "</think>"};
    for (size_t i = 0; i < 2; i++)
        if (strncasecmp(text, tags[i], strlen(tags[i])) == 0)
            return strlen(tags[i]);
    return 0;
}

/* Takes tags out until none is left: one may appear where another was ("<thi<think>nk>"). */
static void remove_tags(struct str *s)
{
    bool found;
    do {
        found = false;
        for (size_t i = 0; i < s->len; i++) {
            size_t len = think_tag(s->at + i);
            if (len) {
                str_splice(s, i, i + len, SLICE(""));
                found = true;
            }
        }
    } while (found);
}

/* Appends text on one line, runs of blanks as one. */
static void add_one_line(struct str *out, const char *text)
{
    struct str plain = {0};
    str_adds(&plain, text);
    remove_tags(&plain);
    struct slice rest = slice_trim(str_slice(&plain));
    for (size_t i = 0; i < rest.len; i++) {
        bool blank = rest.at[i] && strchr(" \t\r\n\v\f", rest.at[i]);
        if (!blank)
            str_addc(out, rest.at[i]);
        else if (out->at[out->len - 1] != ' ')
            str_addc(out, ' ');
    }
    str_free(&plain);
}

/* Adds "- text" to part unless it stands there already. */
static void add_item(struct str *part, const char *text)
{
    struct str line = {0};
    if (!text)
        return;
    str_adds(&line, "\n- ");
    add_one_line(&line, text);
    str_addc(&line, '\n');
    str_addc(part, '\n'); /* so that a whole line can be found */
    bool there = strstr(str_z(part), str_z(&line)) != NULL;
    str_cut(part, part->len - 1);
    if (!there && line.len > 4) {
        str_cut(&line, line.len - 1);
        str_add_slice(part, str_slice(&line));
    }
    str_free(&line);
}

void strategy_print(struct str *out, const struct rule_text *rules, size_t count)
{
    struct str mistakes = {0}, guardrails = {0};
    for (size_t i = 0; i < count; i++) {
        add_item(&mistakes, rules[i].mistake);
        add_item(&guardrails, rules[i].guardrail);
    }
    if (mistakes.len)
        str_addf(out, "Mistakes to avoid:%s", mistakes.at);
    if (guardrails.len)
        str_addf(out, "%sGuardrails:%s", mistakes.len ? "\n" : "", guardrails.at);
    str_free(&mistakes);
    str_free(&guardrails);
}
