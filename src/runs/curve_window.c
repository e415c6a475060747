/* Parts of a series, for drawing: nothing is read that is not asked for. */
#include <math.h>
#include <string.h>

#include "runs/curve_parts.h"

static const struct table *table_of(const struct curve *c, size_t series)
{
    return &c->tables[c->series[series].table];
}

/* The first row at or behind a place (after: behind it). */
static size_t row_at(const struct table *t, enum curve_axis axis, double at, bool after)
{
    size_t low = 0, high = t->rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        double here = curve_place(t, axis, middle);
        if (here < at || (after && here == at))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first row with a value in [row, end), or end. */
static size_t next_value(const struct series *s, size_t row, size_t end)
{
    while (row < end && isnan(curve_value(s, row)))
        row++;
    return row;
}

/* The last one, SIZE_MAX where there is none. */
static size_t last_value(const struct series *s, size_t row, size_t end)
{
    while (end > row && isnan(curve_value(s, end - 1)))
        end--;
    return end > row ? end - 1 : SIZE_MAX;
}

bool curve_range(const struct curve *c, size_t series, enum curve_axis axis, double *from, double *to)
{
    const struct series *s = &c->series[series];
    const struct table *t = table_of(c, series);
    size_t first = next_value(s, 0, t->rows), last = last_value(s, 0, t->rows);
    if (last == SIZE_MAX)
        return false;
    *from = curve_place(t, axis, first);
    *to = curve_place(t, axis, last);
    return true;
}

static struct curve_point point_at(const struct table *t, const struct series *s, enum curve_axis axis, size_t row)
{
    return (struct curve_point){curve_place(t, axis, row), curve_value(s, row)};
}

bool curve_last(const struct curve *c, size_t series, enum curve_axis axis, struct curve_point *out)
{
    const struct table *t = table_of(c, series);
    size_t last = last_value(&c->series[series], 0, t->rows);
    if (last == SIZE_MAX)
        return false;
    *out = point_at(t, &c->series[series], axis, last);
    return true;
}

bool curve_nearest(const struct curve *c, size_t series, enum curve_axis axis, double at, struct curve_point *out)
{
    const struct series *s = &c->series[series];
    const struct table *t = table_of(c, series);
    size_t row = row_at(t, axis, at, false);
    size_t after = next_value(s, row, t->rows), before = last_value(s, 0, row);
    if (after == t->rows && before == SIZE_MAX)
        return false;
    bool left = after == t->rows ||
                (before != SIZE_MAX && at - curve_place(t, axis, before) <= curve_place(t, axis, after) - at);
    *out = point_at(t, s, axis, left ? before : after);
    return true;
}

size_t curve_slice(const struct curve *c, size_t series, enum curve_axis axis, double from, double to, size_t max,
                   struct curve_point *out)
{
    const struct series *s = &c->series[series];
    const struct table *t = table_of(c, series);
    size_t n = 0, end = row_at(t, axis, to, true);
    for (size_t row = row_at(t, axis, from, false); n < max && (row = next_value(s, row, end)) < end; row++)
        out[n++] = point_at(t, s, axis, row);
    return n;
}

/* --- columns of a plot --- */

struct fold {
    double low, high, sum;
    size_t count;
};

static void fold_one(struct fold *f, float value)
{
    if (isnan(value))
        return;
    f->low = value < f->low ? value : f->low;
    f->high = value > f->high ? value : f->high;
    f->sum += value;
    f->count++;
}

static void fold_node(struct fold *f, const struct node *n)
{
    if (!n->count)
        return;
    f->low = n->low < f->low ? n->low : f->low;
    f->high = n->high > f->high ? n->high : f->high;
    f->sum += n->sum;
    f->count += n->count;
}

/* The widest whole node that begins at row and ends by end: its level, -1 for none. */
static int widest(const struct series *s, size_t row, size_t end, size_t *width)
{
    int level = -1;
    size_t wide = FAN;
    for (int k = 0; k < LEVELS && row % wide == 0 && row + wide <= end; k++, wide *= FAN) {
        if (row / wide >= s->nodes[k].n_base + s->nodes[k].n_more)
            break;
        level = k;
        *width = wide;
    }
    return level;
}

static struct fold fold_rows(const struct series *s, size_t row, size_t end)
{
    struct fold f = {.low = INFINITY, .high = -INFINITY};
    while (row < end) {
        size_t width = 1;
        int level = widest(s, row, end, &width);
        if (level < 0)
            fold_one(&f, curve_value(s, row));
        else
            fold_node(&f, column_at(&s->nodes[level], row / width, sizeof(struct node)));
        row += width;
    }
    return f;
}

static struct curve_bucket bucket_of(const struct table *t, const struct series *s, enum curve_axis axis, size_t row,
                                     size_t end)
{
    struct fold f = fold_rows(s, row, end);
    struct curve_bucket b = {.count = f.count};
    size_t last = f.count ? last_value(s, row, end) : SIZE_MAX;
    if (last == SIZE_MAX) /* a damaged index counts what is not there */
        return (struct curve_bucket){.count = 0};
    b.low = f.low;
    b.high = f.high;
    b.mean = f.sum / (double)f.count;
    b.first_at = curve_place(t, axis, next_value(s, row, end));
    b.last_at = curve_place(t, axis, last);
    return b;
}

static double border(double from, double to, bool log, size_t i, size_t n)
{
    double share = (double)i / (double)n;
    return log ? from * pow(to / from, share) : from + (to - from) * share;
}

size_t curve_window(const struct curve *c, size_t series, enum curve_axis axis, double from, double to, bool log,
                    size_t n, struct curve_bucket *out)
{
    const struct series *s = &c->series[series];
    const struct table *t = table_of(c, series);
    size_t row = row_at(t, axis, from, false), total = 0;
    for (size_t i = 0; i < n; i++) {
        size_t end = i + 1 == n ? row_at(t, axis, to, true) : row_at(t, axis, border(from, to, log, i + 1, n), false);
        out[i] = bucket_of(t, s, axis, row, end > row ? end : row);
        total += out[i].count;
        row = end > row ? end : row;
    }
    return total;
}
