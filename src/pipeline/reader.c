#include "pipeline/reader.h"

#include <string.h>
#include <strings.h>

#include "base/json_text.h"
#include "base/mem.h"

struct reader {
    struct source *source;
    const struct format *format;
    struct source_item item;
    struct str clean, line;
    struct answers answers;
    size_t repaired;
};

static struct reader *reader_start(struct window *w, enum source_kind kind,
                                   const struct format *format, struct error *err)
{
    struct source *source = source_open(w, kind, err);
    if (!source)
        return NULL;
    struct reader *r = mem_zalloc(1, sizeof *r);
    r->source = source;
    r->format = format;
    return r;
}

static bool has_suffix(const char *path, const char *suffix)
{
    size_t len = strlen(path), n = strlen(suffix);
    return len > n && strcasecmp(path + len - n, suffix) == 0;
}

struct reader *reader_open(const char *path, const struct format *format, struct error *err)
{
    enum source_kind kind = format ? format->kind : SOURCE_GUESS;
    if (!format && (has_suffix(path, ".csv") || has_suffix(path, ".tsv")))
        kind = SOURCE_CSV;
    struct window *w = window_open(path, err);
    if (!w)
        return NULL;
    struct reader *r = reader_start(w, kind, format, err);
    if (!r)
        error_prefix(err, "%s ", path);
    return r;
}

struct reader *reader_of(struct slice bytes, const struct format *format, struct error *err)
{
    return reader_start(window_of(bytes), format ? format->kind : SOURCE_GUESS, format, err);
}

void reader_close(struct reader *r)
{
    if (!r)
        return;
    source_close(r->source);
    str_free(&r->clean);
    str_free(&r->line);
    answers_free(&r->answers);
    mem_free(r);
}

const struct format *reader_format(const struct reader *r)
{
    return r->format;
}

/* Another tool's item: repairs its characters and makes a hinge line of it. */
static int convert(struct reader *r, struct error *err)
{
    size_t bad_at;
    str_clear(&r->clean);
    r->repaired = json_repair(&r->clean, r->item.text);
    struct slice text = r->repaired ? str_slice(&r->clean) : r->item.text;
    if (!json_check(text, &bad_at))
        return error_set(err, ERR_INPUT, "not valid JSON at byte %zu", bad_at);
    if (text.at[0] != '{')
        return error_set(err, ERR_INPUT, "an item must be an object");
    str_clear(&r->line);
    return r->format->convert(&r->line, &r->answers, text, err);
}

static int tell(struct reader *r, struct error *err)
{
    struct str clean = {0};
    bool broken = json_repair(&clean, r->item.text) > 0;
    r->format = format_tell(source_kind(r->source), broken ? str_slice(&clean) : r->item.text, err);
    str_free(&clean);
    return r->format ? 0 : -1;
}

enum source_result reader_next(struct reader *r, struct record *to, struct error *err)
{
    answers_clear(&r->answers);
    r->repaired = 0;
    enum source_result result = source_next(r->source, &r->item, err);
    if (result != SOURCE_ITEM)
        return result;
    if (!r->format && tell(r, err) != 0)
        return SOURCE_FAILED;
    int bad;
    if (!r->format->convert) /* one pass over the bytes is enough */
        bad = record_parse(to, r->item.text, &r->repaired, err);
    else
        bad = convert(r, err) != 0 || record_parse(to, str_slice(&r->line), NULL, err) != 0;
    return bad ? SOURCE_REFUSED : SOURCE_ITEM;
}

const struct answers *reader_answers(const struct reader *r)
{
    return &r->answers;
}

uint64_t reader_line(const struct reader *r)
{
    return r->item.line;
}

struct slice reader_text(const struct reader *r)
{
    return r->item.text;
}

size_t reader_repaired(const struct reader *r)
{
    return r->repaired;
}

uint64_t reader_done(const struct reader *r)
{
    return source_done(r->source);
}

uint64_t reader_size(const struct reader *r)
{
    return source_size(r->source);
}
