/* A curve as it is opened, brought up to date and asked for its parts. */
#include "runs/curve.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/mem.h"
#include "runs/curve_parts.h"

enum { READ_BYTES = 1 << 20, LINE_MOST = 1 << 20, SAVE_BYTES = 1 << 16 };

/* --- columns --- */

const void *column_at(const struct column *c, size_t row, size_t size)
{
    return row < c->n_base ? c->base + row * size : c->more + (row - c->n_base) * size;
}

void column_add(struct column *c, const void *item, size_t size)
{
    size_t need = (c->n_more + 1) * size;
    if (need > c->cap)
        c->more = array_reserve(c->more, &c->cap, need, 1);
    memcpy(c->more + c->n_more * size, item, size);
    c->n_more++;
}

void column_free(struct column *c)
{
    mem_free(c->more);
    *c = (struct column){0};
}

double curve_place(const struct table *t, enum curve_axis axis, size_t row)
{
    return *(const double *)column_at(&t->at[axis], row, sizeof(double));
}

float curve_value(const struct series *s, size_t row)
{
    return *(const float *)column_at(&s->values, row, sizeof(float));
}

/* --- series --- */

static bool fine_name(struct slice name)
{
    if (!name.len || name.len >= SERIES_NAME)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char ch = name.at[i];
        bool fine = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '.';
        if (!fine)
            return false;
    }
    return true;
}

/* A series met late has no values in the rows before. */
static void fill_before(struct series *s, size_t rows)
{
    float none = NAN;
    struct node empty = {.low = INFINITY, .high = -INFINITY};
    size_t width = FAN;
    for (size_t i = 0; i < rows; i++)
        column_add(&s->values, &none, sizeof none);
    for (int k = 0; k < LEVELS; k++, width *= FAN) {
        for (size_t i = 0; i < rows / width; i++)
            column_add(&s->nodes[k], &empty, sizeof empty);
    }
}

int curve_series(struct curve *c, int table, struct slice name)
{
    for (size_t i = 0; i < c->n_series; i++) {
        if (c->series[i].table == table && slice_is(name, c->series[i].name))
            return (int)i;
    }
    if (c->n_series == SERIES_MAX || !fine_name(name))
        return -1;
    struct series *s = &c->series[c->n_series];
    *s = (struct series){.table = table};
    memcpy(s->name, name.at, name.len);
    fill_before(s, c->tables[table].rows);
    return (int)c->n_series++;
}

size_t curve_count(const struct curve *c)
{
    return c->n_series;
}

const char *curve_name(const struct curve *c, size_t series)
{
    return c->series[series].name;
}

int curve_find(const struct curve *c, const char *name)
{
    for (size_t i = 0; i < c->n_series; i++) {
        if (strcmp(c->series[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

const char *curve_axis_name(enum curve_axis axis)
{
    static const char *const names[] = {"step", "examples", "seconds", "tokens"};
    return names[axis];
}

size_t curve_points(const struct curve *c, size_t series)
{
    return c->series[series].points;
}

size_t curve_faults(const struct curve *c, const char **first)
{
    if (first)
        *first = c->fault;
    return c->faults;
}

bool curve_was_indexed(const struct curve *c)
{
    return c->indexed;
}

void curve_fault(struct curve *c, const char *what)
{
    if (c->faults++ == 0)
        snprintf(c->fault, sizeof c->fault, "line %llu: %s", (unsigned long long)c->lines, what);
}

/* --- the file --- */

struct str curve_file(const struct curve *c, const char *name)
{
    struct str path = {0};
    str_addf(&path, "%s/%s", c->folder, name);
    return path;
}

void curve_forget(struct curve *c)
{
    for (int t = 0; t < TABLES; t++) {
        for (int a = 0; a < CURVE_AXES; a++)
            column_free(&c->tables[t].at[a]);
    }
    for (size_t i = 0; i < c->n_series; i++) {
        column_free(&c->series[i].values);
        for (int k = 0; k < LEVELS; k++)
            column_free(&c->series[i].nodes[k]);
    }
    if (c->map)
        munmap((void *)(uintptr_t)c->map, c->map_bytes);
    char *folder = c->folder;
    *c = (struct curve){.folder = folder};
}

/* Takes the whole lines of text; returns the bytes of them. */
static size_t take_lines(struct curve *c, struct slice text)
{
    size_t from = 0;
    for (;;) {
        const char *end = memchr(text.at + from, '\n', text.len - from);
        if (!end)
            return from;
        size_t to = (size_t)(end - text.at);
        c->lines++;
        if (to - from > LINE_MOST)
            curve_fault(c, "longer than a line of metrics can be");
        else
            curve_take_line(c, slice_sub(text, from, to));
        from = to + 1;
    }
}

/* A line without an end in sight is left out as far as it goes: the buffer has a limit. */
static size_t drop_long(struct curve *c, const struct str *text)
{
    if (text->len <= LINE_MOST + READ_BYTES)
        return 0;
    if (c->faults++ == 0)
        snprintf(c->fault, sizeof c->fault, "line %llu: longer than a line of metrics can be", (unsigned long long)c->lines + 1);
    return text->len;
}

static int read_on(struct curve *c, int fd, struct error *err)
{
    struct str text = {0};
    off_t at = (off_t)c->bytes;
    ssize_t n;
    do {
        str_reserve(&text, READ_BYTES);
        n = pread(fd, text.at + text.len, READ_BYTES, at);
        if (n <= 0)
            break;
        at += n;
        text.len += (size_t)n;
        size_t taken = take_lines(c, str_slice(&text));
        taken = taken ? taken : drop_long(c, &text);
        c->bytes += taken;
        str_splice(&text, 0, taken, (struct slice){"", 0});
    } while (true);
    str_free(&text);
    return n < 0 ? error_errno(err, "reading %s/metrics.jsonl", c->folder) : 0;
}

enum { NO_METRICS = -2 }; /* a run that has not begun */

static int open_metrics(const struct curve *c, struct stat *st, struct error *err)
{
    struct str path = curve_file(c, "metrics.jsonl");
    int fd = open(path.at, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        fd = NO_METRICS;
    else if (fd < 0)
        error_errno(err, "cannot open %s", path.at);
    else if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))) {
        close(fd);
        fd = -1;
        error_set(err, ERR_INPUT, "%s is no plain file", path.at);
    }
    str_free(&path);
    return fd;
}

static int bring_up(struct curve *c, bool first, bool *changed, struct error *err)
{
    struct stat st;
    int fd = open_metrics(c, &st, err);
    if (fd < 0)
        return fd == NO_METRICS ? 0 : -1;
    if (!first && (st.st_ino != c->inode || (uint64_t)st.st_size < c->bytes)) {
        curve_forget(c);
        first = true;
        *changed = true;
    }
    if (first)
        c->indexed = curve_load_index(c, fd, (uint64_t)st.st_size);
    c->inode = st.st_ino;
    uint64_t before = c->bytes;
    int result = (uint64_t)st.st_size > c->bytes ? read_on(c, fd, err) : 0;
    *changed = *changed || c->bytes != before;
    /* What was read at some length is not read again by the next who opens it. */
    bool much = c->bytes - c->saved > SAVE_BYTES && c->bytes - c->saved > c->saved / 4;
    if (result == 0 && much && curve_write_index(c, fd, NULL) == 0)
        c->saved = c->bytes;
    close(fd);
    return result;
}

struct curve *curve_open(const char *folder, struct error *err)
{
    struct curve *c = mem_zalloc(1, sizeof *c);
    bool changed = false;
    c->folder = mem_strdup(folder);
    if (bring_up(c, true, &changed, err) == 0)
        return c;
    curve_forget(c);
    mem_free(c->folder);
    mem_free(c);
    return NULL;
}

int curve_update(struct curve *c, bool *changed, struct error *err)
{
    bool any = false;
    int result = bring_up(c, false, &any, err);
    if (changed)
        *changed = any;
    return result;
}

int curve_save(struct curve *c, struct error *err)
{
    struct stat st;
    if (c->saved == c->bytes)
        return 0;
    int fd = open_metrics(c, &st, err);
    if (fd < 0)
        return fd == NO_METRICS ? 0 : -1;
    int result = st.st_ino != c->inode ? error_set(err, ERR_CONFLICT, "%s/metrics.jsonl was replaced", c->folder)
                                       : curve_write_index(c, fd, err);
    if (result == 0)
        c->saved = c->bytes;
    close(fd);
    return result;
}

void curve_close(struct curve *c)
{
    if (!c)
        return;
    if (c->bytes - c->saved > SAVE_BYTES)
        (void)curve_save(c, NULL);
    curve_forget(c);
    mem_free(c->folder);
    mem_free(c);
}
