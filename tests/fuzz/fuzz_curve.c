/*
 * metrics.jsonl and its index on arbitrary bytes. Up to a line "index" the input is metrics: every point that is counted is in the
 * window over all of them, read as lines or from the index. What follows is written over the index's columns (three bytes each:
 * two of a place, one of what), which then says anything and still has to be read without harm.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runs/curve.h"
#include "tests/support/tmp.h"

enum { COLUMNS = 7, PLACES = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(const char *path, const char *mode, const void *bytes, size_t len)
{
    FILE *f = fopen(path, mode);
    if (!f || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
        abort();
}

/* Looks at everything; exact: what is told has to agree with itself. */
static void look(const struct curve *c, bool exact)
{
    struct curve_bucket b[COLUMNS];
    struct curve_point p[COLUMNS];
    for (size_t i = 0; i < curve_count(c); i++) {
        for (int axis = 0; axis < CURVE_AXES; axis++) {
            double from = 0, to = 0;
            bool any = curve_range(c, i, axis, &from, &to);
            size_t total = any ? curve_window(c, i, axis, from, to, false, COLUMNS, b) : 0;
            if (exact && total != curve_points(c, i))
                abort();
            curve_window(c, i, axis, 1, 1e6, true, COLUMNS, b);
            curve_nearest(c, i, axis, to / 2, p);
            curve_last(c, i, axis, p);
            curve_slice(c, i, axis, from, to, COLUMNS, p);
        }
    }
}

static void open_and_look(const char *dir, bool exact)
{
    struct error err = {0};
    struct curve *c = curve_open(dir, &err);
    if (!c)
        abort();
    look(c, exact);
    if (exact && curve_save(c, &err) != 0)
        abort();
    curve_close(c);
}

static void overwrite(const char *path, const uint8_t *data, size_t size)
{
    FILE *f = fopen(path, "r+");
    long header = 6000, end;
    if (!f)
        return;
    fseek(f, 0, SEEK_END);
    end = ftell(f);
    for (; size >= 3 && end > header; data += 3, size -= 3) {
        fseek(f, header + (data[0] * 256 + data[1]) % (end - header), SEEK_SET);
        fputc(data[2], f);
    }
    fclose(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *dir; /* one for all: removed by nobody but the next boot */
    static const char mark[] = "\nindex\n";
    if (!dir)
        dir = tmp_make();
    const uint8_t *at = memmem(data, size, mark, sizeof mark - 1);
    size_t metrics = at ? (size_t)(at - data) + 1 : size;
    unlink(tmp_join(dir, "metrics.index"));
    put(tmp_join(dir, "metrics.jsonl"), "w", data, metrics);
    open_and_look(dir, true);
    open_and_look(dir, true);
    if (at) {
        overwrite(tmp_join(dir, "metrics.index"), at + sizeof mark - 1, size - metrics - (sizeof mark - 2));
        open_and_look(dir, false);
    }
    return 0;
}
