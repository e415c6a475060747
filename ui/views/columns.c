#include "ui/views/columns.h"

#include <stdio.h>

#include "text/visible.h"

static unsigned total(size_t n, const struct place *places)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++)
        if (places[i].width)
            sum += (sum ? COLUMN_GAP : 0) + places[i].width;
    return sum;
}

/* Takes away the column that gives way first; false when none does. */
static bool drop_one(const struct column *columns, size_t n, struct place *places)
{
    size_t victim = n;
    for (size_t i = 0; i < n; i++)
        if (places[i].width && columns[i].gives_way > 0 &&
            (victim == n || columns[i].gives_way > columns[victim].gives_way))
            victim = i;
    if (victim == n)
        return false;
    places[victim].width = 0;
    return true;
}

/* Widens columns of a fixed wish in their order, then shares the rest among the others. */
static void widen(const struct column *columns, size_t n, struct place *places, unsigned spare)
{
    size_t takers = 0;
    for (size_t i = 0; i < n; i++) {
        if (!places[i].width)
            continue;
        takers += columns[i].want == 0;
        unsigned more = columns[i].want > places[i].width ? columns[i].want - places[i].width : 0;
        if (more > spare)
            more = spare;
        places[i].width += more;
        spare -= more;
    }
    for (size_t i = 0; i < n && takers; i++) {
        if (!places[i].width || columns[i].want)
            continue;
        unsigned share = spare / (unsigned)takers--;
        places[i].width += share;
        spare -= share;
    }
}

void columns_fit(const struct column *columns, size_t n, unsigned width, struct place *places)
{
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){.width = columns[i].min};
    while (total(n, places) > width && drop_one(columns, n, places))
        ;
    unsigned used = total(n, places);
    if (used < width)
        widen(columns, n, places, width - used);
    unsigned at = 0;
    for (size_t i = 0; i < n; i++) {
        if (!places[i].width)
            continue;
        places[i].at = at;
        if (at + places[i].width > width) /* even what never gives way does not fit */
            places[i].width = at < width ? width - at : 0;
        at += places[i].width + COLUMN_GAP;
    }
}

static void blanks(struct str *out, size_t n)
{
    while (n-- > 0)
        str_addc(out, ' ');
}

void column_cell(struct str *out, struct slice text, unsigned width, bool right)
{
    struct str shown = {0};
    size_t used = visible_cut(&shown, text, width);
    size_t pad = used < width ? width - used : 0;
    if (right)
        blanks(out, pad);
    str_add_slice(out, str_slice(&shown));
    if (!right)
        blanks(out, pad);
    str_free(&shown);
}

void column_cell_end(struct str *out, struct slice text, unsigned width)
{
    if (visible_width(text) <= width || width < 2) {
        column_cell(out, text, width, false);
        return;
    }
    size_t from = 0;
    while (from < text.len && visible_width(slice_sub(text, from, text.len)) > width - 1) {
        struct visible step;
        visible_step(&step, text, from);
        from += step.len;
    }
    str_adds(out, "\xE2\x80\xA6");
    column_cell(out, slice_sub(text, from, text.len), width - 1, false);
}

void add_count(struct str *out, long long n)
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%lld", n < 0 ? -n : n);
    if (n < 0)
        str_addc(out, '-');
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            str_addc(out, ',');
        str_addc(out, digits[i]);
    }
}

void add_age(struct str *out, long long then_ms, long long now_ms)
{
    static const struct {
        long long below, unit;
        char letter;
    } scales[] = {{3600, 60, 'm'}, {86400, 3600, 'h'}, {86400LL * 28, 86400, 'd'}, {86400LL * 365, 86400LL * 7, 'w'}};
    long long seconds = now_ms > then_ms ? (now_ms - then_ms) / 1000 : 0;
    if (seconds < 60) {
        str_adds(out, "now");
        return;
    }
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        if (seconds < scales[i].below) {
            str_addf(out, "%lld%c", seconds / scales[i].unit, scales[i].letter);
            return;
        }
    }
    str_addf(out, "%lldy", seconds / (86400LL * 365));
}
