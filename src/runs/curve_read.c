/*
 * One line of metrics: an object of numbers, and of one more object of numbers at "valid". Read by hand, since a long
 * run has a hundred thousand of them: what is no such line is a fault, whatever else it may be.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runs/curve_parts.h"

enum { FIELDS_MAX = 64, DIGITS_EXACT = 15, NUMBER_MAX = 40 };

struct field {
    struct slice name;
    double value;
    bool valid; /* inside "valid" */
};

struct parse {
    const char *at, *end;
    struct field fields[FIELDS_MAX];
    size_t count;
    bool has_valid;
};

static void skip_blanks(struct parse *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r'))
        p->at++;
}

static bool take(struct parse *p, char ch)
{
    skip_blanks(p);
    if (p->at == p->end || *p->at != ch)
        return false;
    p->at++;
    return true;
}

/* Powers of ten that doubles hold exactly. */
static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Up to 15 digits and a small power of ten are exact in one operation; all else is strtod's. */
static bool by_digits(const char *at, const char *end, double *out)
{
    bool negative = at < end && *at == '-', fraction = false;
    uint64_t digits = 0;
    int count = 0, power = 0;
    for (at += negative; at < end; at++) {
        if (*at == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (*at < '0' || *at > '9' || ++count > DIGITS_EXACT)
            break;
        digits = digits * 10 + (uint64_t)(*at - '0');
        power -= fraction;
    }
    if (count == 0 || at != end)
        return false;
    double value = (double)digits / tens[-power];
    *out = negative ? -value : value;
    return true;
}

static bool take_number(struct parse *p, double *out)
{
    char copy[NUMBER_MAX], *stop;
    skip_blanks(p);
    const char *from = p->at;
    while (p->at < p->end && ((*p->at >= '0' && *p->at <= '9') || strchr("+-.eE", *p->at)) && *p->at)
        p->at++;
    size_t len = (size_t)(p->at - from);
    if (by_digits(from, p->at, out))
        return true;
    if (!len || len >= sizeof copy)
        return false;
    memcpy(copy, from, len);
    copy[len] = '\0';
    *out = strtod(copy, &stop);
    return !*stop && isfinite(*out);
}

static bool take_word(struct parse *p, const char *word)
{
    size_t len = strlen(word);
    skip_blanks(p);
    if ((size_t)(p->end - p->at) < len || memcmp(p->at, word, len) != 0)
        return false;
    p->at += len;
    return true;
}

/* A name, without escapes. */
static bool take_name(struct parse *p, struct slice *out)
{
    if (!take(p, '"'))
        return false;
    const char *from = p->at, *end = memchr(p->at, '"', (size_t)(p->end - p->at));
    if (!end)
        return false;
    *out = (struct slice){from, (size_t)(end - from)};
    p->at = end + 1;
    return !memchr(from, '\\', out->len);
}

static bool take_object(struct parse *p, bool valid);

/* A number, null (not finite when it was written: no value), or the object of a validation. */
static bool take_value(struct parse *p, struct slice name, bool valid)
{
    double value;
    skip_blanks(p);
    if (!valid && slice_is(name, "valid")) {
        p->has_valid = true;
        return take_object(p, true);
    }
    if (take_word(p, "null"))
        return true;
    if (!take_number(p, &value))
        return false;
    if (p->count < FIELDS_MAX)
        p->fields[p->count++] = (struct field){name, value, valid};
    return true;
}

static bool take_object(struct parse *p, bool valid)
{
    struct slice name;
    if (!take(p, '{'))
        return false;
    if (take(p, '}'))
        return true;
    do {
        if (!take_name(p, &name) || !take(p, ':') || !take_value(p, name, valid))
            return false;
    } while (take(p, ','));
    return take(p, '}');
}

static bool find(const struct parse *p, const char *name, double *out)
{
    for (size_t i = 0; i < p->count; i++) {
        if (!p->fields[i].valid && slice_is(p->fields[i].name, name)) {
            *out = p->fields[i].value;
            return true;
        }
    }
    return false;
}

/* --- into the tables --- */

static struct node join(struct node a, struct node b)
{
    return (struct node){.low = b.low < a.low ? b.low : a.low, .high = b.high > a.high ? b.high : a.high,
                         .sum = a.sum + b.sum, .count = a.count + b.count};
}

/* After a row was added: the nodes that it completes. */
static void complete_nodes(struct series *s, size_t rows)
{
    size_t width = FAN;
    for (int k = 0; k < LEVELS && rows % width == 0; k++, width *= FAN) {
        struct node n = {.low = INFINITY, .high = -INFINITY};
        size_t first = rows / width * FAN - FAN; /* of its children */
        for (size_t i = 0; i < FAN; i++) {
            if (k > 0) {
                n = join(n, *(const struct node *)column_at(&s->nodes[k - 1], first + i, sizeof n));
                continue;
            }
            float v = curve_value(s, rows - FAN + i);
            if (!isnan(v))
                n = join(n, (struct node){.low = v, .high = v, .sum = v, .count = 1});
        }
        column_add(&s->nodes[k], &n, sizeof n);
    }
}

static void add_row(struct curve *c, int table, const float values[SERIES_MAX])
{
    struct table *t = &c->tables[table];
    for (int a = 0; a < CURVE_AXES; a++)
        column_add(&t->at[a], &c->at[a], sizeof(double));
    t->rows++;
    for (size_t i = 0; i < c->n_series; i++) {
        struct series *s = &c->series[i];
        if (s->table != table)
            continue;
        column_add(&s->values, &values[i], sizeof(float));
        s->points += !isnan(values[i]);
        complete_nodes(s, t->rows);
    }
}

/* Whether the field is a value and no place. */
static bool is_value(const struct field *f, bool valid_line)
{
    static const char *const places[] = {"step", "steps", "examples", "tokens"};
    if (valid_line != f->valid)
        return false;
    for (size_t i = 0; i < sizeof places / sizeof *places && !f->valid; i++) {
        if (slice_is(f->name, places[i]))
            return false;
    }
    return true;
}

static void take_fields(struct curve *c, const struct parse *p, int table)
{
    float values[SERIES_MAX];
    for (size_t i = 0; i < SERIES_MAX; i++)
        values[i] = NAN;
    for (size_t i = 0; i < p->count; i++) {
        char name[SERIES_NAME];
        const struct field *f = &p->fields[i];
        if (!is_value(f, table == 1))
            continue;
        int len = snprintf(name, sizeof name, "%s%.*s", table ? "valid." : "", (int)f->name.len, f->name.at);
        int at = len < SERIES_NAME ? curve_series(c, table, (struct slice){name, (size_t)len}) : -1;
        if (at >= 0)
            values[at] = (float)f->value;
    }
    add_row(c, table, values);
}

void curve_take_line(struct curve *c, struct slice line)
{
    struct parse p = {.at = line.at, .end = line.at + line.len};
    double step, seconds = 0;
    bool fine = take_object(&p, false);
    skip_blanks(&p);
    if (!fine || p.at != p.end) {
        curve_fault(c, "no object of numbers");
        return;
    }
    if (!find(&p, "step", &step) || step < 0) {
        curve_fault(c, "it does not say which step");
        return;
    }
    int table = p.has_valid ? 1 : 0;
    const struct table *t = &c->tables[table];
    if (t->rows && step <= curve_place(t, CURVE_STEP, t->rows - 1)) {
        curve_fault(c, "its step is not after the one before");
        return;
    }
    if (table == 0) { /* a validation is of the step before it */
        (void)find(&p, "seconds", &seconds);
        c->at[CURVE_SECONDS] += seconds > 0 ? seconds : 0;
        double was[] = {c->at[CURVE_EXAMPLES], c->at[CURVE_TOKENS]};
        (void)find(&p, "examples", &c->at[CURVE_EXAMPLES]);
        (void)find(&p, "tokens", &c->at[CURVE_TOKENS]);
        c->at[CURVE_EXAMPLES] = fmax(c->at[CURVE_EXAMPLES], was[0]); /* places never go back */
        c->at[CURVE_TOKENS] = fmax(c->at[CURVE_TOKENS], was[1]);
    }
    c->at[CURVE_STEP] = step;
    take_fields(c, &p, table);
}
