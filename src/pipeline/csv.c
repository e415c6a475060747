#include "pipeline/csv.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"

struct slice csv_field(const struct csv_row *row, size_t i)
{
    return slice_sub(str_slice(&row->text), i ? row->ends[i - 1] : 0, row->ends[i]);
}

void csv_row_free(struct csv_row *row)
{
    str_free(&row->text);
    mem_free(row->ends);
    *row = (struct csv_row){0};
}

static void end_field(struct csv_row *row)
{
    row->ends = array_reserve(row->ends, &row->cap, row->count + 1, sizeof *row->ends);
    row->ends[row->count++] = row->text.len;
}

/* Steps over the quoted part that opens at text.at[at], adding what it stands for. Returns the
 * offset after the closing quote, or 0 when there is none. */
static size_t read_quoted(struct csv_row *row, struct slice text, size_t at)
{
    for (at++; at < text.len;) {
        const char *quote = memchr(text.at + at, '"', text.len - at);
        if (!quote)
            return 0;
        size_t end = (size_t)(quote - text.at);
        str_add(&row->text, text.at + at, end - at);
        if (end + 1 >= text.len || text.at[end + 1] != '"')
            return end + 1;
        str_addc(&row->text, '"');
        at = end + 2;
    }
    return 0;
}

/* Adds plain text up to a separator or line end and returns the offset of that. */
static size_t read_plain(struct csv_row *row, struct slice text, size_t at, char separator)
{
    size_t from = at;
    while (at < text.len && text.at[at] != separator && text.at[at] != '\n')
        at++;
    size_t end = at;
    if (at < text.len && text.at[at] == '\n' && end > from && text.at[end - 1] == '\r')
        end--;
    str_add(&row->text, text.at + from, end - from);
    return at;
}

enum csv_result csv_read(struct csv_row *row, struct slice text, bool last, char separator,
                         size_t *used)
{
    row->count = 0;
    str_clear(&row->text);
    for (size_t at = 0;;) {
        if (at < text.len && text.at[at] == '"') {
            at = read_quoted(row, text, at);
            if (!at || (at == text.len && !last))
                return CSV_MORE; /* the quote may be the first of a doubled one */
        }
        at = read_plain(row, text, at, separator);
        end_field(row);
        if (at == text.len && !last)
            return CSV_MORE;
        if (at == text.len || text.at[at] == '\n') {
            *used = at < text.len ? at + 1 : at;
            return CSV_ROW;
        }
        at++;
    }
}

char csv_separator(struct slice header)
{
    static const char candidates[] = ",;\t";
    size_t counts[3] = {0}, best = 0;
    bool quoted = false;
    for (size_t i = 0; i < header.len; i++) {
        const char *hit = memchr(candidates, header.at[i], 3);
        if (header.at[i] == '"')
            quoted = !quoted;
        else if (hit && !quoted)
            counts[hit - candidates]++;
    }
    for (size_t i = 1; i < 3; i++)
        if (counts[i] > counts[best])
            best = i;
    return candidates[best];
}
