#include "pipeline/draft.h"

#include <ctype.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/json_raw.h"
#include "base/json_text.h"

/* What people call the fields; compared without case, "_", "-" and blanks. */
static const struct {
    const char *name;
    enum draft_field field;
} names[] = {
    {"id", DRAFT_ID}, {"recordid", DRAFT_ID}, {"exampleid", DRAFT_ID}, {"task", DRAFT_TASK},
    {"taskname", DRAFT_TASK}, {"prompt", DRAFT_PROMPT}, {"x", DRAFT_PROMPT},
    {"input", DRAFT_PROMPT}, {"instruction", DRAFT_PROMPT}, {"question", DRAFT_PROMPT},
    {"query", DRAFT_PROMPT}, {"transcript", DRAFT_PROMPT}, {"dialogue", DRAFT_PROMPT},
    {"dialog", DRAFT_PROMPT}, {"source", DRAFT_PROMPT}, {"document", DRAFT_PROMPT},
    {"article", DRAFT_PROMPT}, {"y0", DRAFT_Y0}, {"output", DRAFT_Y0}, {"response", DRAFT_Y0},
    {"answer", DRAFT_Y0}, {"draft", DRAFT_Y0}, {"completion", DRAFT_Y0},
    {"generation", DRAFT_Y0}, {"generated", DRAFT_Y0}, {"prediction", DRAFT_Y0},
    {"hypothesis", DRAFT_Y0}, {"rejected", DRAFT_Y0}, {"rounds", DRAFT_ROUNDS},
    {"ystar", DRAFT_Y_STAR}, {"y*", DRAFT_Y_STAR}, {"target", DRAFT_Y_STAR},
    {"reference", DRAFT_Y_STAR}, {"corrected", DRAFT_Y_STAR}, {"correction", DRAFT_Y_STAR},
    {"gold", DRAFT_Y_STAR}, {"edited", DRAFT_Y_STAR}, {"final", DRAFT_Y_STAR},
    {"chosen", DRAFT_Y_STAR}, {"score", DRAFT_SCORE}, {"rating", DRAFT_SCORE},
    {"scoremax", DRAFT_SCORE_MAX}, {"maxscore", DRAFT_SCORE_MAX},
    {"rationale", DRAFT_RATIONALE}, {"feedback", DRAFT_RATIONALE},
    {"critique", DRAFT_RATIONALE}, {"explanation", DRAFT_RATIONALE},
    {"reason", DRAFT_RATIONALE}, {"spans", DRAFT_SPANS}, {"mistake", DRAFT_MISTAKE},
    {"condition", DRAFT_MISTAKE}, {"guardrail", DRAFT_GUARDRAIL}, {"rule", DRAFT_GUARDRAIL},
    {"action", DRAFT_GUARDRAIL}, {"split", DRAFT_SPLIT},
};

void draft_clear(struct draft *d)
{
    for (int i = 0; i < DRAFT_FIELDS; i++)
        str_clear(&d->value[i]);
    str_clear(&d->meta);
}

void draft_free(struct draft *d)
{
    for (int i = 0; i < DRAFT_FIELDS; i++)
        str_free(&d->value[i]);
    str_free(&d->meta);
}

bool draft_has(const struct draft *d, enum draft_field field)
{
    return d->value[field].len > 0;
}

void draft_set(struct draft *d, enum draft_field field, struct slice json)
{
    if (!draft_has(d, field))
        json_compact(&d->value[field], json, false);
}

void draft_set_text(struct draft *d, enum draft_field field, struct slice text)
{
    if (!draft_has(d, field))
        json_quote(&d->value[field], text);
}

enum draft_field draft_field_of(struct slice name)
{
    char plain[16];
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (strchr("_- ", name.at[i]) && name.at[i])
            continue;
        if (len == sizeof plain)
            return DRAFT_FIELDS;
        plain[len++] = (char)tolower((unsigned char)name.at[i]);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_is((struct slice){plain, len}, names[i].name))
            return names[i].field;
    return DRAFT_FIELDS;
}

static bool is_number(struct slice text)
{
    size_t bad_at;
    return text.len && (text.at[0] == '-' || isdigit((unsigned char)text.at[0])) &&
           json_check(text, &bad_at);
}

/* "4", "4.5" or "4/6", with blanks allowed. */
static bool offer_score(struct draft *d, enum draft_field field, struct slice text)
{
    const char *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    size_t cut = slash ? (size_t)(slash - text.at) : text.len;
    struct slice score = slice_trim(slice_sub(text, 0, cut));
    struct slice max = slice_trim(slice_sub(text, slash ? cut + 1 : cut, text.len));
    if (!is_number(score) || (slash && (!is_number(max) || field != DRAFT_SCORE)))
        return false;
    draft_set(d, field, score);
    if (slash)
        draft_set(d, DRAFT_SCORE_MAX, max);
    return true;
}

/* True when the JSON value has the shape that the field needs; texts of scores are read. */
static bool fits(struct draft *d, enum draft_field field, struct slice json)
{
    bool text = json.at[0] == '"', list = json.at[0] == '[';
    switch (field) {
    case DRAFT_ID: return text || is_number(json);
    case DRAFT_PROMPT: return text || list;
    case DRAFT_ROUNDS:
    case DRAFT_SPANS: return list;
    case DRAFT_SCORE:
    case DRAFT_SCORE_MAX: break;
    default: return text;
    }
    if (!text)
        return is_number(json);
    struct str plain = {0};
    json_unquote(&plain, json);
    bool read = offer_score(d, field, str_slice(&plain));
    str_free(&plain);
    return read;
}

bool draft_offer(struct draft *d, struct slice name, struct slice json)
{
    enum draft_field field = draft_field_of(name);
    if (field == DRAFT_FIELDS || draft_has(d, field))
        return false;
    if (slice_is(json, "null") || slice_is(json, "\"\""))
        return true;
    if (!fits(d, field, json))
        return false;
    draft_set(d, field, json);
    return true;
}

void draft_meta(struct draft *d, struct slice key, struct slice json)
{
    if (d->meta.len)
        str_addc(&d->meta, ',');
    str_add_slice(&d->meta, key);
    str_addc(&d->meta, ':');
    json_compact(&d->meta, json, false);
}

void draft_meta_object(struct draft *d, const char *name, struct slice members)
{
    if (members.len)
        str_addf(&d->meta, "%s\"%s\":{%.*s}", d->meta.len ? "," : "", name, (int)members.len,
                 members.at);
}

void draft_take(struct draft *d, struct slice key, struct slice json)
{
    struct str name = {0};
    if (slice_is(key, "\"meta\"") && json.at[0] == '{') {
        struct slice inner = slice_trim(slice_sub(json, 1, json.len - 1));
        if (inner.len)
            str_adds(&d->meta, d->meta.len ? "," : "");
        json_compact(&d->meta, inner, false);
        return;
    }
    json_unquote(&name, key);
    if (!draft_offer(d, str_slice(&name), json))
        draft_meta(d, key, json);
    str_free(&name);
}

static void print_field(struct str *out, const struct draft *d, const char *name,
                        enum draft_field field)
{
    if (draft_has(d, field))
        str_addf(out, ",\"%s\":%s", name, str_z(&d->value[field]));
}

static void print_rule(struct str *out, const struct draft *d)
{
    if (!draft_has(d, DRAFT_MISTAKE) && !draft_has(d, DRAFT_GUARDRAIL))
        return;
    size_t start = out->len;
    print_field(out, d, "mistake", DRAFT_MISTAKE);
    print_field(out, d, "guardrail", DRAFT_GUARDRAIL);
    str_splice(out, start, start + 1, SLICE(",\"rule\":{"));
    str_addc(out, '}');
}

void draft_print(struct str *out, struct draft *d, const char *prefix)
{
    struct str body = {0};
    print_field(&body, d, "task", DRAFT_TASK);
    print_field(&body, d, "prompt", DRAFT_PROMPT);
    print_field(&body, d, "y0", DRAFT_Y0);
    print_field(&body, d, "rounds", DRAFT_ROUNDS);
    print_field(&body, d, "y_star", DRAFT_Y_STAR);
    print_field(&body, d, "score", DRAFT_SCORE);
    print_field(&body, d, "score_max", DRAFT_SCORE_MAX);
    print_field(&body, d, "rationale", DRAFT_RATIONALE);
    print_field(&body, d, "spans", DRAFT_SPANS);
    print_rule(&body, d);
    print_field(&body, d, "split", DRAFT_SPLIT);
    if (d->meta.len)
        str_addf(&body, ",\"meta\":{%s}", d->meta.at);
    if (!draft_has(d, DRAFT_ID)) {
        char hash[SHA256_HEX + 1];
        sha256_hex(str_slice(&body), hash);
        str_addf(&d->value[DRAFT_ID], "\"%s/%.16s\"", prefix, hash);
    }
    str_addf(out, "{\"id\":%s%s}", d->value[DRAFT_ID].at, str_z(&body));
    str_free(&body);
}
