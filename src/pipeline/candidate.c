#include "pipeline/candidate.h"

#include "base/utf8.h"
#include "db/rule_store.h"
#include "text/unicode.h"

enum { MERGES_MAX = 32 };

void candidate_free(struct candidate *c)
{
    str_free(&c->mistake);
    str_free(&c->guardrail);
    c->rule = 0;
}

/* Blanks, line ends and controls become single blanks: a rule is one line. */
static void add_line(struct str *out, struct slice text)
{
    for (size_t at = 0, n; at < text.len; at += n) {
        uint32_t c;
        n = utf8_decode(text.at + at, text.len - at, &c);
        bool blank = c == UTF8_BAD || unicode_is_space(c) || c < 0x20 || c == 0x7f;
        if (!blank)
            str_add(out, text.at + at, n);
        else if (out->len && out->at[out->len - 1] != ' ')
            str_addc(out, ' ');
    }
    if (out->len && out->at[out->len - 1] == ' ')
        str_cut(out, out->len - 1);
}

void candidate_read(struct candidate *c, const struct json *value)
{
    add_line(&c->mistake, slice_of(json_string(json_get(value, "mistake"), "")));
    add_line(&c->guardrail, slice_of(json_string(json_get(value, "guardrail"), "")));
    if (!json_int(json_get(value, "rule"), &c->rule) || c->rule < 0)
        c->rule = 0;
}

static int refuse(struct str *why, struct error *reason, const char *words)
{
    str_adds(why, words);
    error_set(reason, ERR_INPUT, "%s", words);
    return CANDIDATE_REFUSED;
}

/* 1 and the words of the rule that the cited one stands for, 0 when there is none in use. */
static int take_rule(struct candidate *c, struct store *s, struct error *err)
{
    for (int i = 0; i < MERGES_MAX; i++) {
        struct rules found = {0};
        struct error why = {0};
        if (rule_store_get(s, c->rule, &found, &why) != 0 || found.count == 0) {
            rules_free(&found);
            return why.code == ERR_ABSENT || why.code == ERR_NONE ? 0 : error_set(err, why.code, "%s", why.text);
        }
        const struct rule *r = &found.items[0];
        enum rule_status status = r->status;
        if (status == RULE_MERGED) {
            c->rule = r->merged_into;
        } else if (status == RULE_ACTIVE) {
            str_clear(&c->mistake);
            str_clear(&c->guardrail);
            str_adds(&c->mistake, r->mistake ? r->mistake : "");
            str_adds(&c->guardrail, r->guardrail ? r->guardrail : "");
        }
        rules_free(&found);
        if (status != RULE_MERGED)
            return status == RULE_ACTIVE;
    }
    return 0;
}

static int check_lengths(const struct candidate *c, struct str *why, struct error *reason)
{
    if (c->mistake.len == 0 || c->guardrail.len == 0)
        return refuse(why, reason, "mistake and guardrail must both be written");
    if (utf8_count(str_slice(&c->mistake)) > CANDIDATE_MISTAKE_MAX)
        return refuse(why, reason, "the mistake is longer than 200 characters");
    if (utf8_count(str_slice(&c->guardrail)) > CANDIDATE_GUARDRAIL_MAX)
        return refuse(why, reason, "the guardrail is longer than 300 characters");
    return CANDIDATE_FINE;
}

static int check_leaks(const struct candidate *c, const struct leak_prompt *prompt, struct str *why,
                       struct error *reason)
{
    const struct str *texts[] = {&c->mistake, &c->guardrail};
    static const char *const names[] = {"mistake", "guardrail"};
    for (size_t i = 0; i < 2; i++) {
        struct str what = {0};
        enum leak kind = leak_find(prompt, str_slice(texts[i]), &what);
        if (kind != LEAK_NONE) {
            str_addf(why, "the %s copies %s out of the prompt: \"%s\"", names[i], leak_name(kind), str_z(&what));
            error_set(reason, ERR_INPUT, "the %s copies %s out of the prompt", names[i], leak_name(kind));
        }
        str_free(&what);
        if (kind != LEAK_NONE)
            return CANDIDATE_REFUSED;
    }
    return CANDIDATE_FINE;
}

int candidate_judge(struct candidate *c, struct store *s, const struct leak_prompt *prompt, struct str *why,
                    struct error *reason, struct error *err)
{
    if (c->rule) {
        int64_t cited = c->rule;
        int found = take_rule(c, s, err);
        if (found == 0) {
            str_addf(why, "the library has no rule %lld", (long long)cited);
            error_set(reason, ERR_INPUT, "the reply cites rule %lld, which the library does not have", (long long)cited);
            return CANDIDATE_REFUSED;
        }
        return found < 0 ? -1 : CANDIDATE_FINE;
    }
    int judged = check_lengths(c, why, reason);
    return judged == CANDIDATE_FINE ? check_leaks(c, prompt, why, reason) : judged;
}
