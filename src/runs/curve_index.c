/*
 * metrics.index: a curve's columns as they lie in memory, mapped when it is opened. It belongs to the metrics whose first and
 * last bytes it was made of: a file that was replaced, or a resumed run's, which takes back steps, has others. What
 * stands in it is hostile all the same: every size is held against the file's before anything is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "runs/curve_parts.h"

enum { VERSION = 1, ORDER = 0x01020304 };

struct entry {
    char name[SERIES_NAME];
    uint64_t table, points;
};

struct header {
    char magic[8];
    uint32_t version, order;
    uint64_t bytes, lines, faults, n_series;
    uint64_t rows[TABLES];
    double at[CURVE_AXES];
    char probe[SHA256_HEX + 8]; /* of the first and the last bytes read */
    char fault[200];
    struct entry series[SERIES_MAX];
    char own[SHA256_HEX + 8]; /* of all above */
};

static const char magic[8] = "hngcurv";

/* --- whose index it is --- */

static bool hash_part(struct sha256 *h, int fd, uint64_t from, size_t len)
{
    char part[PROBE];
    if (pread(fd, part, len, (off_t)from) != (ssize_t)len)
        return false;
    sha256_add(h, (struct slice){part, len});
    return true;
}

/* Of the first and the last bytes before `bytes`. */
static bool probe(int fd, uint64_t bytes, char out[SHA256_HEX + 1])
{
    size_t len = bytes < PROBE ? (size_t)bytes : PROBE;
    struct sha256 *h = sha256_begin();
    bool read = hash_part(h, fd, 0, len) && hash_part(h, fd, bytes - len, len);
    sha256_end(h, out);
    return read;
}

static void header_hash(const struct header *h, char out[SHA256_HEX + 1])
{
    sha256_hex((struct slice){(const char *)h, offsetof(struct header, own)}, out);
}

/* --- columns in the file --- */

static size_t padded(size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

struct walk { /* through the columns, in the file's order */
    struct curve *c;
    int (*each)(struct walk *w, struct column *column, size_t count, size_t size);
    FILE *out;
    size_t offset; /* reading: where the next column begins */
};

static int walk_series(struct walk *w, struct series *s)
{
    size_t rows = w->c->tables[s->table].rows, width = FAN;
    if (w->each(w, &s->values, rows, sizeof(float)) != 0)
        return -1;
    for (int k = 0; k < LEVELS; k++, width *= FAN) {
        if (w->each(w, &s->nodes[k], rows / width, sizeof(struct node)) != 0)
            return -1;
    }
    return 0;
}

static int walk(struct walk *w)
{
    for (int t = 0; t < TABLES; t++) {
        for (int a = 0; a < CURVE_AXES; a++) {
            if (w->each(w, &w->c->tables[t].at[a], w->c->tables[t].rows, sizeof(double)) != 0)
                return -1;
        }
    }
    for (size_t i = 0; i < w->c->n_series; i++) {
        if (walk_series(w, &w->c->series[i]) != 0)
            return -1;
    }
    return 0;
}

static int map_column(struct walk *w, struct column *column, size_t count, size_t size)
{
    size_t bytes = padded(count * size);
    if (bytes > w->c->map_bytes - w->offset)
        return -1;
    *column = (struct column){.base = w->c->map + w->offset, .n_base = count};
    w->offset += bytes;
    return 0;
}

static int write_column(struct walk *w, struct column *column, size_t count, size_t size)
{
    static const char zeros[8] = {0};
    (void)count;
    if (column->n_base)
        fwrite(column->base, size, column->n_base, w->out);
    if (column->n_more)
        fwrite(column->more, size, column->n_more, w->out);
    size_t bytes = (column->n_base + column->n_more) * size;
    fwrite(zeros, 1, padded(bytes) - bytes, w->out);
    return ferror(w->out) ? -1 : 0;
}

/* --- reading --- */

static bool fine_entry(const struct entry *e, const struct header *h)
{
    return memchr(e->name, '\0', SERIES_NAME) && e->name[0] && e->table < TABLES && e->points <= h->rows[e->table];
}

static bool fine_header(const struct header *h, size_t file_bytes, uint64_t metrics_bytes)
{
    char own[SHA256_HEX + 1];
    header_hash(h, own);
    if (memcmp(h->own, own, sizeof own) != 0)
        return false;
    if (memcmp(h->magic, magic, sizeof magic) != 0 || h->version != VERSION || h->order != ORDER ||
        h->n_series > SERIES_MAX || h->bytes > metrics_bytes || !memchr(h->fault, '\0', sizeof h->fault))
        return false;
    for (int t = 0; t < TABLES; t++) {
        if (h->rows[t] > file_bytes / sizeof(double))
            return false;
    }
    for (size_t i = 0; i < h->n_series; i++) {
        if (!fine_entry(&h->series[i], h))
            return false;
    }
    return true;
}

static void take_header(struct curve *c, const struct header *h)
{
    c->bytes = c->saved = h->bytes;
    c->lines = h->lines;
    c->faults = (size_t)h->faults;
    c->n_series = (size_t)h->n_series;
    memcpy(c->at, h->at, sizeof c->at);
    memcpy(c->fault, h->fault, sizeof c->fault);
    for (int t = 0; t < TABLES; t++)
        c->tables[t].rows = (size_t)h->rows[t];
    for (size_t i = 0; i < c->n_series; i++) {
        struct series *s = &c->series[i];
        *s = (struct series){.table = (int)h->series[i].table, .points = (size_t)h->series[i].points};
        memcpy(s->name, h->series[i].name, sizeof s->name);
    }
}

/* Takes what is mapped; false when it does not belong to the metrics or is damaged. */
static bool take_map(struct curve *c, int fd, uint64_t size)
{
    char own[SHA256_HEX + 1];
    const struct header *h = (const void *)c->map;
    if (!fine_header(h, c->map_bytes, size) || !probe(fd, h->bytes, own) || memcmp(own, h->probe, sizeof own) != 0)
        return false;
    take_header(c, h);
    struct walk w = {.c = c, .each = map_column, .offset = sizeof *h};
    return walk(&w) == 0 && w.offset == c->map_bytes;
}

bool curve_load_index(struct curve *c, int fd, uint64_t size)
{
    struct stat st;
    struct str path = curve_file(c, "metrics.index");
    int index = open(path.at, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    str_free(&path);
    if (index < 0)
        return false;
    bool there = fstat(index, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size >= sizeof(struct header);
    void *map = there ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, index, 0) : MAP_FAILED;
    close(index);
    if (map == MAP_FAILED)
        return false;
    c->map = map;
    c->map_bytes = (size_t)st.st_size;
    if (take_map(c, fd, size))
        return true;
    curve_forget(c);
    return false;
}

/* --- writing --- */

static void fill_header(const struct curve *c, struct header *h)
{
    memcpy(h->magic, magic, sizeof magic);
    h->version = VERSION;
    h->order = ORDER;
    h->bytes = c->bytes;
    h->lines = c->lines;
    h->faults = c->faults;
    h->n_series = c->n_series;
    memcpy(h->at, c->at, sizeof h->at);
    memcpy(h->fault, c->fault, sizeof h->fault);
    for (int t = 0; t < TABLES; t++)
        h->rows[t] = c->tables[t].rows;
    for (size_t i = 0; i < c->n_series; i++) {
        memcpy(h->series[i].name, c->series[i].name, SERIES_NAME);
        h->series[i].table = (uint64_t)c->series[i].table;
        h->series[i].points = c->series[i].points;
    }
}

int curve_write_index(struct curve *c, int fd, struct error *err)
{
    struct header *h = mem_zalloc(1, sizeof *h);
    struct str path = curve_file(c, "metrics.index");
    int result = -1;
    fill_header(c, h);
    if (!probe(fd, c->bytes, h->probe)) {
        h->probe[0] = '\0';
        error_errno(err, "reading %s/metrics.jsonl", c->folder);
    }
    header_hash(h, h->own);
    if (h->probe[0]) {
        struct atomic_file *f = atomic_open(path.at, 0600, err);
        if (f) {
            struct walk w = {.c = c, .each = write_column, .out = atomic_stream(f)};
            fwrite(h, sizeof *h, 1, w.out);
            (void)walk(&w); /* a failure shows at the end */
            result = atomic_commit(f, err);
        }
    }
    str_free(&path);
    mem_free(h);
    return result;
}
