#include "pipeline/format.h"

#include <string.h>

#include "base/array.h"
#include "base/json_raw.h"
#include "base/json_text.h"
#include "base/mem.h"
#include "pipeline/draft.h"

struct answer *answers_add(struct answers *a, enum answer_kind kind)
{
    a->items = array_reserve(a->items, &a->cap, a->count + 1, sizeof *a->items);
    a->items[a->count] = (struct answer){.kind = kind};
    return &a->items[a->count++];
}

void answers_clear(struct answers *a)
{
    for (size_t i = 0; i < a->count; i++) {
        str_free(&a->items[i].reviewer);
        str_free(&a->items[i].mistake);
        str_free(&a->items[i].guardrail);
    }
    a->count = 0;
}

void answers_free(struct answers *a)
{
    answers_clear(a);
    mem_free(a->items);
    *a = (struct answers){0};
}

struct slice member_of(struct slice object, const char *name)
{
    size_t at = 0;
    struct slice key, value, found = {"", 0};
    if (!object.len || object.at[0] != '{')
        return found;
    while (json_raw_next(object, &at, &key, &value))
        if (slice_is(slice_sub(key, 1, key.len - 1), name))
            found = value;
    return found;
}

const char *member_text(struct str *out, struct slice object, const char *name)
{
    str_clear(out);
    struct slice value = member_of(object, name);
    if (value.len && value.at[0] == '"')
        json_unquote(out, value);
    return str_z(out);
}

void member_add(struct str *members, struct slice key, struct slice value)
{
    str_adds(members, members->len ? "," : "");
    str_add_slice(members, key);
    str_addc(members, ':');
    json_compact(members, value, false);
}

struct slice element_of(struct slice list, size_t i)
{
    size_t at = 0;
    struct slice key, value;
    if (list.len && list.at[0] == '[')
        while (json_raw_next(list, &at, &key, &value))
            if (i-- == 0)
                return value;
    return (struct slice){"", 0};
}

static bool is_object(struct slice value)
{
    return value.len && value.at[0] == '{';
}

static bool ends_with(struct slice text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.at + text.len - len, end, len) == 0;
}

static bool tell_argilla(struct slice object)
{
    if (is_object(member_of(object, "fields")))
        return true;
    size_t at = 0;
    struct slice key, value;
    while (json_raw_next(object, &at, &key, &value))
        if (ends_with(key, ".suggestion\"") || ends_with(key, ".responses\""))
            return true;
    return false;
}

static bool tell_labelstudio(struct slice object)
{
    return is_object(member_of(object, "data"));
}

static bool tell_prodigy(struct slice object)
{
    return member_of(object, "_input_hash").len || member_of(object, "_task_hash").len ||
           (member_of(object, "text").len && member_of(object, "answer").len);
}

static bool tell_chat(struct slice object)
{
    return member_of(object, "messages").len || member_of(object, "conversations").len ||
           (member_of(object, "prompt").len && (member_of(object, "completion").len ||
                                                member_of(object, "chosen").len)) ||
           (member_of(object, "chosen").len && member_of(object, "rejected").len);
}

/* An id alone will do: a record that lacks the rest is refused, not the file. */
static bool tell_hinge(struct slice object)
{
    return member_of(object, "prompt").len || member_of(object, "y0").len ||
           member_of(object, "id").len;
}

static bool tell_csv(struct slice object)
{
    bool told = false;
    size_t at = 0;
    struct slice key, value;
    while (!told && json_raw_next(object, &at, &key, &value)) {
        enum draft_field field = draft_field_of(slice_sub(key, 1, key.len - 1));
        told = field == DRAFT_PROMPT || field == DRAFT_Y0;
    }
    return told;
}

/* Rows: each column is a field by its name, or goes to meta under its own. */
static int csv_convert(struct str *line, struct answers *answers, struct slice object,
                       struct error *err)
{
    (void)answers, (void)err;
    struct draft d = {0};
    size_t at = 0;
    struct slice key, value;
    while (json_raw_next(object, &at, &key, &value))
        draft_take(&d, key, value);
    draft_print(line, &d, "csv");
    draft_free(&d);
    return 0;
}

const struct format formats[] = {
    {"argilla", SOURCE_JSON, tell_argilla, argilla_convert},
    {"labelstudio", SOURCE_JSON, tell_labelstudio, labelstudio_convert},
    {"prodigy", SOURCE_JSON, tell_prodigy, prodigy_convert},
    {"chat", SOURCE_JSON, tell_chat, chat_convert},
    {"hinge", SOURCE_JSON, tell_hinge, NULL},
    {"csv", SOURCE_CSV, tell_csv, csv_convert},
    {NULL, SOURCE_JSON, NULL, NULL},
};

const struct format *format_find(const char *name)
{
    for (const struct format *f = formats; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

const struct format *format_tell(enum source_kind kind, struct slice item, struct error *err)
{
    size_t bad_at;
    if (!json_check(item, &bad_at) || item.at[0] != '{')
        return format_find("hinge"); /* a broken first line is refused like any other */
    for (const struct format *f = formats; f->name; f++)
        if ((f->kind == SOURCE_CSV) == (kind == SOURCE_CSV) && f->tell(item))
            return f;
    if (kind == SOURCE_CSV)
        error_set(err, ERR_INPUT, "is read as CSV, but its header row names no column for a prompt "
                                  "or an output (prompt, y0, input, output, ...)");
    else
        error_set(err, ERR_INPUT, "its first item is of no format known here; --format names one");
    return NULL;
}
