#include "pipeline/grader_patterns.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/unicode.h"

enum { PATTERNS_MAX = 1024 * 1024, FINDS_MAX = 1000 };

enum demand_kind { DEMAND_MUST, DEMAND_MUST_NOT, DEMAND_MATCH_PROMPT, DEMANDS };
static const char *const kind_words[DEMANDS] = {"must", "must-not", "must-match-prompt"};

struct demand {
    enum demand_kind kind;
    double weight;
    struct pattern *pattern, *when; /* when may be NULL */
    char *message;
    size_t line;
};

struct patterns {
    struct demand *items;
    size_t count, cap;
    struct str text;
    char hash[SHA256_HEX + 1];
};

static struct slice skip_blanks(struct slice s)
{
    while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
        s = slice_sub(s, 1, s.len);
    return s;
}

/* Takes the word at the start of rest. */
static struct slice take_word(struct slice *rest)
{
    size_t len = 0;
    *rest = skip_blanks(*rest);
    while (len < rest->len && rest->at[len] != ' ' && rest->at[len] != '\t')
        len++;
    struct slice word = slice_sub(*rest, 0, len);
    *rest = slice_sub(*rest, len, rest->len);
    return word;
}

static int take_weight(struct slice *rest, double *weight, struct error *err)
{
    *rest = skip_blanks(*rest);
    *weight = 1;
    if (rest->len == 0 || rest->at[0] == '/')
        return 0;
    struct slice word = take_word(rest);
    char text[32] = {0}, *end = text;
    if (word.len < sizeof text) {
        memcpy(text, word.at, word.len);
        *weight = strtod(text, &end);
    }
    if (end == text || *end || !(*weight > 0 && *weight <= 1e6))
        return error_set(err, ERR_INPUT, "the weight must be a number above 0, or a pattern must start with /");
    return 0;
}

static int take_pattern(struct slice *rest, struct pattern **out, struct error *err)
{
    *rest = skip_blanks(*rest);
    if (rest->len == 0 || rest->at[0] != '/')
        return error_set(err, ERR_INPUT, "a pattern between slashes was expected");
    size_t end = 1;
    while (end < rest->len && rest->at[end] != '/')
        end += rest->at[end] == '\\' ? 2 : 1;
    if (end >= rest->len)
        return error_set(err, ERR_INPUT, "the pattern has no slash at its end");
    struct slice source = slice_sub(*rest, 1, end);
    unsigned flags = 0;
    for (end++; end < rest->len && isalpha((unsigned char)rest->at[end]); end++) {
        if (rest->at[end] != 'i' && rest->at[end] != 'w')
            return error_set(err, ERR_INPUT, "a pattern's flag is i or w, not %c", rest->at[end]);
        flags |= rest->at[end] == 'i' ? PATTERN_CASELESS : PATTERN_WORD;
    }
    *rest = slice_sub(*rest, end, rest->len);
    *out = pattern_compile(source, flags, NULL, err);
    return *out ? 0 : error_prefix(err, "the pattern is faulty ");
}

static int take_message(struct slice rest, char **out, struct error *err)
{
    rest = slice_trim(rest);
    if (rest.len >= 2 && rest.at[0] == '"' && rest.at[rest.len - 1] == '"')
        rest = slice_sub(rest, 1, rest.len - 1);
    if (rest.len == 0)
        return error_set(err, ERR_INPUT, "the message is missing: what the reader of the rationale should know");
    *out = mem_strndup(rest.at, rest.len);
    return 0;
}

static int take_when(struct slice *rest, struct pattern **out, struct error *err)
{
    struct slice after = *rest;
    if (!slice_is(take_word(&after), "when") || !slice_starts(skip_blanks(after), "/"))
        return 0;
    *rest = after;
    return take_pattern(rest, out, err);
}

static void free_demand(struct demand *d)
{
    pattern_free(d->pattern);
    pattern_free(d->when);
    mem_free(d->message);
}

static int read_demand(struct patterns *p, struct slice line, size_t number, struct error *err)
{
    struct demand d = {.kind = DEMANDS, .line = number};
    struct slice word = take_word(&line);
    for (int k = 0; k < DEMANDS; k++)
        if (slice_is(word, kind_words[k]))
            d.kind = (enum demand_kind)k;
    if (d.kind == DEMANDS)
        return error_set(err, ERR_INPUT, "a line starts with must, must-not or must-match-prompt");
    if (take_weight(&line, &d.weight, err) != 0 || take_pattern(&line, &d.pattern, err) != 0 ||
        take_when(&line, &d.when, err) != 0 || take_message(line, &d.message, err) != 0) {
        free_demand(&d);
        return -1;
    }
    p->items = array_reserve(p->items, &p->cap, p->count + 1, sizeof *p->items);
    p->items[p->count++] = d;
    return 0;
}

/* Reads on after a fault, so that all of them are seen at once. */
static size_t read_lines(struct patterns *p, const char *path, struct slice text, struct str *faults)
{
    size_t n = 0, number = 0;
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && text.at[end] != '\n')
            end++;
        struct slice line = slice_trim(slice_sub(text, at, end));
        struct error fault = {0};
        number++;
        if (line.len && line.at[0] != '#' && read_demand(p, line, number, &fault) != 0) {
            n++;
            str_addf(faults, "%s%s, line %zu: %s", faults->len ? "\n" : "", path, number, fault.text);
        }
        at = end + 1;
    }
    return n;
}

struct patterns *patterns_parse(const char *path, struct slice text, struct error *err)
{
    struct patterns *p = mem_zalloc(1, sizeof *p);
    struct str faults = {0};
    sha256_hex(text, p->hash);
    str_add_slice(&p->text, text);
    if (!utf8_valid(text))
        error_set(err, ERR_INPUT, "%s is no UTF-8 text", path);
    else if (read_lines(p, path, text, &faults))
        error_set(err, ERR_INPUT, "%s", faults.at);
    else if (p->count == 0)
        error_set(err, ERR_INPUT, "%s holds no pattern: a line is KIND WEIGHT /PATTERN/ MESSAGE", path);
    else
        path = NULL;
    str_free(&faults);
    if (!path)
        return p;
    patterns_free(p);
    return NULL;
}

struct patterns *patterns_load(const char *path, struct error *err)
{
    struct str text = {0};
    struct patterns *p = NULL;
    if (file_read(path, PATTERNS_MAX, &text, err) == 0)
        p = patterns_parse(path, str_slice(&text), err);
    str_free(&text);
    return p;
}

void patterns_free(struct patterns *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        free_demand(&p->items[i]);
    mem_free(p->items);
    str_free(&p->text);
    mem_free(p);
}

struct slice patterns_text(const struct patterns *p)
{
    return str_slice(&p->text);
}

const char *patterns_hash(const struct patterns *p)
{
    return p->hash;
}

/* Case folded, every run of blanks one blank. */
static void add_plain(struct str *out, struct slice text)
{
    struct str folded = {0};
    unicode_fold(&folded, text);
    for (size_t i = 0; i < folded.len; i++) {
        bool blank = isspace((unsigned char)folded.at[i]);
        if (!blank || (out->len && out->at[out->len - 1] != ' '))
            str_addc(out, blank ? ' ' : folded.at[i]);
    }
    if (out->len && out->at[out->len - 1] == ' ')
        str_cut(out, out->len - 1);
    str_free(&folded);
}

static bool word_byte(const struct str *s, size_t at)
{
    return at < s->len && (isalnum((unsigned char)s->at[at]) || (unsigned char)s->at[at] >= 0x80);
}

/* The find stands in the prompt by itself: "5" is not in "15" nor in "5.5". */
static bool stands_in(const struct str *prompt, const struct str *find)
{
    if (find->len == 0)
        return true;
    for (const char *at = prompt->at; at && (at = strstr(at, find->at)); at++) {
        size_t from = (size_t)(at - prompt->at), to = from + find->len;
        bool cut_before = from > 0 && word_byte(prompt, from - 1) && word_byte(find, 0);
        bool cut_after = word_byte(prompt, to) && word_byte(find, find->len - 1);
        bool point_after = to + 1 < prompt->len && prompt->at[to] == '.' && isdigit((unsigned char)prompt->at[to + 1]);
        bool point_before = from > 1 && prompt->at[from - 1] == '.' && isdigit((unsigned char)prompt->at[from - 2]);
        bool number = isdigit((unsigned char)find->at[find->len - 1]), starts = isdigit((unsigned char)find->at[0]);
        if (!cut_before && !cut_after && !(number && point_after) && !(starts && point_before))
            return true;
    }
    return false;
}

/* What is graded, in the forms that the demands need. */
struct matter {
    struct slice prompt, output;
    struct str plain; /* the prompt */
};

/* Goes through the finds of a demand in the output; true when one breaks it. */
static bool look_at_finds(const struct demand *d, const struct matter *m, struct verdict *v, bool *gave_up)
{
    bool broken = false;
    size_t at = 0, from, to;
    for (int i = 0; i < FINDS_MAX && at <= m->output.len; i++) {
        enum pattern_result found = pattern_find(d->pattern, m->output, at, &from, &to);
        *gave_up |= found == PATTERN_GAVE_UP;
        if (found != PATTERN_YES)
            break;
        at = to;
        if (to == from && to < m->output.len) {
            uint32_t c;
            at += utf8_decode(m->output.at + to, m->output.len - to, &c);
        } else if (to == from) {
            at++;
        }
        bool fine = false;
        if (d->kind == DEMAND_MATCH_PROMPT) {
            struct str plain = {0};
            (void)pattern_group(d->pattern, 1, &from, &to);
            add_plain(&plain, slice_sub(m->output, from, to));
            fine = stands_in(&m->plain, &plain);
            str_free(&plain);
        }
        if (!fine)
            verdict_add_span(v, m->output, from, to);
        broken |= !fine;
    }
    return broken;
}

static bool breaks(const struct demand *d, const struct matter *m, struct verdict *v, bool *gave_up)
{
    if (d->when) {
        enum pattern_result when = pattern_find(d->when, m->prompt, 0, NULL, NULL);
        *gave_up |= when == PATTERN_GAVE_UP;
        if (when != PATTERN_YES)
            return false;
    }
    if (d->kind != DEMAND_MUST)
        return look_at_finds(d, m, v, gave_up);
    enum pattern_result found = pattern_find(d->pattern, m->output, 0, NULL, NULL);
    *gave_up |= found == PATTERN_GAVE_UP;
    return found == PATTERN_NO;
}

void patterns_grade(const struct patterns *p, const struct grader *g, struct slice prompt, struct slice output,
                    struct verdict *v)
{
    struct matter m = {.prompt = prompt, .output = output};
    double lost = 0;
    add_plain(&m.plain, prompt);
    for (size_t i = 0; i < p->count; i++) {
        const struct demand *d = &p->items[i];
        bool gave_up = false;
        if (breaks(d, &m, v, &gave_up)) {
            lost += d->weight;
            str_addf(&v->rationale, "%s%s", v->rationale.len ? "\n" : "", d->message);
        }
        if (gave_up) {
            struct error why = {0};
            error_set(&why, ERR_LIMIT, "line %zu of %s is too much work on this text", d->line, g->patterns_path);
            verdict_fault(v, why.text, SLICE(""));
        }
    }
    if (v->fault.len == 0)
        verdict_score(v, g, g->scale_max - lost);
    verdict_settle(v);
    str_free(&m.plain);
}
