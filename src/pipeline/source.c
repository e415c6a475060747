#include "pipeline/source.h"

#include <string.h>

#include "base/json.h"
#include "base/json_raw.h"
#include "base/mem.h"
#include "pipeline/csv.h"

struct source {
    struct window *window;
    enum source_kind kind;
    bool started, closed;     /* array: "[" and "]" seen */
    char separator;           /* CSV */
    struct csv_row names, row;
    struct str object;
};

/* True when the window holds at least one byte. */
static bool fill(struct source *s, struct error *err)
{
    return window_rest(s->window).len || window_more(s->window, err);
}

/* Steps over blanks, also across reads; false at the end or on failure. In CSV only line ends are
 * blank: a row may start with an empty field. */
static bool skip_blanks(struct source *s, struct error *err)
{
    const char *blanks = s->kind == SOURCE_CSV ? "\r\n" : " \t\r\n";
    while (fill(s, err)) {
        struct slice rest = window_rest(s->window);
        size_t n = 0;
        while (n < rest.len && rest.at[n] && strchr(blanks, rest.at[n]))
            n++;
        window_skip(s->window, n);
        if (window_rest(s->window).len)
            return true;
    }
    return false;
}

static bool starts(struct slice text, const char *bytes, size_t len)
{
    return text.len >= len && memcmp(text.at, bytes, len) == 0;
}

/* Drops a byte order mark; refuses what is no UTF-8 text at all. */
static int check_encoding(struct source *s, struct error *err)
{
    fill(s, err);
    struct slice rest = window_rest(s->window);
    if (starts(rest, "\xFF\xFE", 2) || starts(rest, "\xFE\xFF", 2))
        return error_set(err, ERR_INPUT, "is UTF-16; save it as UTF-8");
    if (starts(rest, "\x1F\x8B", 2))
        return error_set(err, ERR_INPUT, "is compressed; try: gzip -dc FILE | hinge import DB -");
    if (starts(rest, "PK\x03\x04", 4))
        return error_set(err, ERR_INPUT, "is a ZIP archive or a spreadsheet; save it as CSV");
    if (starts(rest, "\xEF\xBB\xBF", 3))
        window_skip(s->window, 3);
    return err->code ? -1 : 0;
}

static enum source_kind guess(struct source *s, enum source_kind kind, struct error *err)
{
    if (!skip_blanks(s, err))
        return SOURCE_LINES;
    char first = window_rest(s->window).at[0];
    if (first == '[')
        return SOURCE_ARRAY;
    return first == '{' || kind == SOURCE_JSON ? SOURCE_LINES : SOURCE_CSV;
}

/* Reads a row of CSV that starts the rest; *used 0 when its quotes do not close. */
static bool read_row(struct source *s, struct csv_row *row, size_t *used, struct error *err)
{
    *used = 0;
    bool last = false;
    for (;;) {
        struct slice rest = window_rest(s->window);
        if (csv_read(row, rest, last, s->separator, used) == CSV_ROW)
            return true;
        if (last || rest.len > SOURCE_ITEM_MAX)
            return !err->code;
        last = !window_more(s->window, err);
        if (err->code)
            return false;
    }
}

static int read_header(struct source *s, struct error *err)
{
    size_t used;
    while (window_rest(s->window).len < 1 << 16 && window_more(s->window, err))
        ; /* enough to see the whole header line */
    struct slice rest = window_rest(s->window);
    const char *nl = rest.len ? memchr(rest.at, '\n', rest.len) : NULL;
    s->separator = csv_separator(nl ? slice_sub(rest, 0, (size_t)(nl - rest.at)) : rest);
    if (!read_row(s, &s->names, &used, err))
        return -1;
    if (!used && rest.len)
        return error_set(err, ERR_INPUT, "the header row has a quote that is not closed");
    window_skip(s->window, used);
    return 0;
}

struct source *source_open(struct window *w, enum source_kind kind, struct error *err)
{
    struct source *s = mem_zalloc(1, sizeof *s);
    s->window = w;
    error_clear(err);
    if (check_encoding(s, err) == 0) {
        s->kind = kind <= SOURCE_JSON ? guess(s, kind, err) : kind;
        if (!err->code && (s->kind != SOURCE_CSV || read_header(s, err) == 0))
            return s;
    }
    source_close(s);
    return NULL;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    window_close(s->window);
    csv_row_free(&s->names);
    csv_row_free(&s->row);
    str_free(&s->object);
    mem_free(s);
}

enum source_kind source_kind(const struct source *s)
{
    return s->kind;
}

/* --- lines ----------------------------------------------------------------------------------- */

/* Length of the line that starts the rest, without its "\n"; more than the maximum is cut there. */
static size_t find_line(struct source *s, struct error *err)
{
    size_t seen = 0;
    for (;;) {
        struct slice rest = window_rest(s->window);
        const char *nl = rest.len > seen ? memchr(rest.at + seen, '\n', rest.len - seen) : NULL;
        if (nl)
            return (size_t)(nl - rest.at);
        seen = rest.len;
        if (seen > SOURCE_ITEM_MAX || !window_more(s->window, err))
            return seen;
    }
}

/* Steps over the rest of a line too long to be held. */
static void drop_line(struct source *s, struct error *err)
{
    while (fill(s, err)) {
        struct slice rest = window_rest(s->window);
        const char *nl = memchr(rest.at, '\n', rest.len);
        window_skip(s->window, nl ? (size_t)(nl - rest.at) + 1 : rest.len);
        if (nl)
            return;
    }
}

static enum source_result next_line(struct source *s, struct source_item *item, struct error *err)
{
    if (!skip_blanks(s, err))
        return err->code ? SOURCE_FAILED : SOURCE_END;
    item->line = window_line(s->window);
    size_t len = find_line(s, err);
    if (err->code)
        return SOURCE_FAILED;
    if (len > SOURCE_ITEM_MAX) {
        drop_line(s, err);
        item->text = SLICE("");
        error_set(err, ERR_LIMIT, "the line is longer than %d MiB", SOURCE_ITEM_MAX >> 20);
        return SOURCE_REFUSED;
    }
    item->text = slice_trim(slice_sub(window_rest(s->window), 0, len));
    window_skip(s->window, len); /* the bytes stay until the next read */
    return SOURCE_ITEM;
}

/* --- array ----------------------------------------------------------------------------------- */

static enum source_result array_broken(const struct source *s, struct error *err)
{
    error_set(err, ERR_INPUT, "line %llu: the list is cut short or not well formed here",
              (unsigned long long)window_line(s->window));
    return SOURCE_FAILED;
}

/* Length of the value that starts the rest, once all of it is there; 0 when it never is. */
static size_t find_value(struct source *s, struct error *err)
{
    for (;;) {
        struct slice rest = window_rest(s->window);
        size_t len = json_raw_value(rest, 0);
        bool bounded = rest.len && memchr("{[\"", rest.at[0], 3); /* has an end of its own */
        if (len && (bounded || len < rest.len))
            return len;
        if (rest.len > SOURCE_ITEM_MAX || !window_more(s->window, err))
            return 0;
    }
}

/* Steps over "[" or "," and stands before a value; false at the closing bracket or where neither
 * is found (then *broken). */
static bool enter_value(struct source *s, bool *broken, struct error *err)
{
    *broken = true;
    if (!skip_blanks(s, err))
        return false;
    char c = window_rest(s->window).at[0];
    if (s->started && c == ']') {
        window_skip(s->window, 1);
        s->closed = true;
        *broken = skip_blanks(s, err);
        return false;
    }
    if (c != (s->started ? ',' : '['))
        return false;
    bool first = !s->started;
    s->started = true;
    window_skip(s->window, 1);
    if (!skip_blanks(s, err))
        return false;
    if (first && window_rest(s->window).at[0] == ']')
        return enter_value(s, broken, err);
    *broken = false;
    return true;
}

static enum source_result next_element(struct source *s, struct source_item *item,
                                       struct error *err)
{
    bool broken;
    if (s->closed)
        return SOURCE_END;
    if (!enter_value(s, &broken, err)) {
        if (err->code)
            return SOURCE_FAILED;
        return broken ? array_broken(s, err) : SOURCE_END;
    }
    item->line = window_line(s->window);
    size_t len = find_value(s, err);
    if (err->code)
        return SOURCE_FAILED;
    if (!len)
        return array_broken(s, err);
    item->text = slice_sub(window_rest(s->window), 0, len);
    window_skip(s->window, len);
    return SOURCE_ITEM;
}

/* --- CSV ------------------------------------------------------------------------------------- */

static void row_to_object(struct source *s)
{
    str_clear(&s->object);
    str_addc(&s->object, '{');
    for (size_t i = 0; i < s->row.count; i++) {
        if (i)
            str_addc(&s->object, ',');
        json_quote(&s->object, slice_trim(csv_field(&s->names, i)));
        str_addc(&s->object, ':');
        json_quote(&s->object, csv_field(&s->row, i));
    }
    str_addc(&s->object, '}');
}

static enum source_result next_row(struct source *s, struct source_item *item, struct error *err)
{
    size_t used;
    if (!skip_blanks(s, err))
        return err->code ? SOURCE_FAILED : SOURCE_END;
    item->line = window_line(s->window);
    if (!read_row(s, &s->row, &used, err))
        return SOURCE_FAILED;
    if (!used) {
        size_t len = find_line(s, err);
        item->text = slice_sub(window_rest(s->window), 0, len);
        window_skip(s->window, len);
        error_set(err, ERR_INPUT, "a quote opens here and does not close");
        return SOURCE_REFUSED;
    }
    item->text = slice_trim(slice_sub(window_rest(s->window), 0, used));
    window_skip(s->window, used);
    if (s->row.count > s->names.count) {
        error_set(err, ERR_INPUT, "the row has %zu fields, the header %zu", s->row.count,
                  s->names.count);
        return SOURCE_REFUSED;
    }
    row_to_object(s);
    item->text = str_slice(&s->object);
    return SOURCE_ITEM;
}

enum source_result source_next(struct source *s, struct source_item *item, struct error *err)
{
    error_clear(err);
    switch (s->kind) {
    case SOURCE_ARRAY: return next_element(s, item, err);
    case SOURCE_CSV: return next_row(s, item, err);
    default: return next_line(s, item, err);
    }
}

uint64_t source_done(const struct source *s)
{
    return window_bytes(s->window);
}

uint64_t source_size(const struct source *s)
{
    return window_size(s->window);
}
