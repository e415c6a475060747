#include <math.h>
#include <string.h>

#include "base/json_raw.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "domain/record_fields.h"

/*
 * What a record keeps so that it comes out as it went in:
 *
 *   keys   one word for each key of the source, in order: the name of a known field, or "*" for the
 *          next unknown one. NULL when the known fields stand in the standard order and the unknown
 *          ones after them.
 *   extra  an object: first the unknown members, then, under a known name, the exact value of each
 *          field that struct record cannot hold exactly (a score written 1.0, a null, a message
 *          with further keys).
 */
struct reading {
    struct slice values[RECORD_FIELDS]; /* at NULL: not given */
    struct str keys, extra;
    int last;      /* the field met last, to see whether the order is the standard one */
    bool standard; /* so far */
};

static void add_extra(struct reading *in, struct slice key, struct slice value)
{
    str_addc(&in->extra, in->extra.len ? ',' : '{');
    str_add_slice(&in->extra, key);
    str_addc(&in->extra, ':');
    json_compact(&in->extra, value, false);
}

static int find_field(struct slice quoted)
{
    struct str name = {0};
    json_unquote(&name, quoted);
    int field = record_field_find(str_slice(&name));
    str_free(&name);
    return field;
}

static void collect_key(struct reading *in, struct slice key, struct slice value)
{
    int field = find_field(key);
    bool again = field >= 0 && in->values[field].at;
    if (field >= 0)
        in->values[field] = value; /* the last of several counts, as elsewhere */
    else
        add_extra(in, key, value);
    if (again)
        return;
    int place = field < 0 ? RECORD_FIELDS : field;
    in->standard = in->standard && place >= in->last;
    in->last = place;
    if (in->keys.len)
        str_addc(&in->keys, ' ');
    str_adds(&in->keys, field < 0 ? "*" : record_fields[field].name);
}

/* True when what the record would print for the field says the same as the source's value. */
static bool prints_back(const struct record_field *f, const struct record *r, struct slice value)
{
    if (f->verbatim)
        return true;
    struct str printed = {0}, source = {0};
    bool same = f->print(&printed, r);
    if (same) {
        json_compact(&source, value, true);
        same = slice_eq(str_slice(&printed), str_slice(&source));
    }
    str_free(&printed);
    str_free(&source);
    return same;
}

static int read_field(struct reading *in, struct record *r, int field, struct error *err)
{
    const struct record_field *f = &record_fields[field];
    struct slice value = in->values[field];
    if (!value.at)
        return 0;
    bool null = slice_is(value, "null");
    if (!null && f->read(r, value, err) != 0)
        return -1;
    if (null || !prints_back(f, r, value)) {
        struct str key = {0};
        str_addf(&key, "\"%s\"", f->name);
        add_extra(in, str_slice(&key), value);
        str_free(&key);
    }
    return 0;
}

static void keep_rest(struct reading *in, struct record *r)
{
    if (in->extra.len) {
        str_addc(&in->extra, '}');
        r->extra = arena_strndup(&r->arena, in->extra.at, in->extra.len);
    }
    if (!in->standard)
        r->keys = arena_strndup(&r->arena, in->keys.at, in->keys.len);
}

static int read_object(struct record *r, struct slice line, struct error *err)
{
    size_t at = 0;
    struct slice key, value;
    struct reading in = {.standard = true};
    while (json_raw_next(line, &at, &key, &value))
        collect_key(&in, key, value);
    int result = 0;
    for (int i = 0; i < RECORD_FIELDS && result == 0; i++)
        result = read_field(&in, r, i, err);
    if (result == 0)
        keep_rest(&in, r);
    str_free(&in.keys);
    str_free(&in.extra);
    return result;
}

int record_parse(struct record *r, struct slice line, size_t *repaired, struct error *err)
{
    struct str clean = {0};
    size_t bad_at, faults = json_repair(&clean, line);
    if (faults)
        line = str_slice(&clean);
    line = slice_trim(line);
    int result;
    if (!json_check(line, &bad_at))
        result = error_set(err, ERR_INPUT, "not valid JSON at byte %zu", bad_at);
    else if (line.at[0] != '{')
        result = error_set(err, ERR_INPUT, "a record must be an object");
    else
        result = read_object(r, line, err);
    if (result == 0)
        result = record_validate(r, err);
    if (result == 0 && repaired)
        *repaired += faults;
    str_free(&clean);
    return result;
}

static int validate_spans(const struct record *r, struct error *err)
{
    if (!r->n_spans)
        return 0;
    if (!r->y0)
        return error_set(err, ERR_INPUT, "spans: there is no y0 for them to point into");
    size_t len = utf8_count(slice_of(r->y0));
    for (size_t i = 0; i < r->n_spans; i++)
        if (r->spans[i].start > r->spans[i].end || r->spans[i].end > len)
            return error_set(err, ERR_INPUT, "spans: %zu to %zu is outside y0, which has %zu "
                             "characters", r->spans[i].start, r->spans[i].end, len);
    return 0;
}

int record_validate(const struct record *r, struct error *err)
{
    if (!r->id || !*r->id)
        return error_set(err, ERR_INPUT, "id: is missing");
    if (!r->prompt.count && !r->y0)
        return error_set(err, ERR_INPUT, "prompt: is missing, and so is y0; one is needed");
    if ((r->has_score && !isfinite(r->score)) || (r->has_score_max && !isfinite(r->score_max)))
        return error_set(err, ERR_INPUT, "score: is not a finite number");
    for (size_t i = 0; i < r->n_rounds; i++)
        if (!r->rounds[i].output)
            return error_set(err, ERR_INPUT, "rounds: a round has no output");
    return validate_spans(r, err);
}

void record_free(struct record *r)
{
    arena_free(&r->arena);
    *r = (struct record){0};
}
