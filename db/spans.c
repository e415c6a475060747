#include "db/spans.h"

#include <string.h>

#include "base/json.h"

void spans_print(struct str *out, const struct record_span *spans, size_t n)
{
    str_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        str_addf(out, "%s[%zu,%zu,", i ? "," : "", spans[i].start, spans[i].end);
        if (spans[i].label)
            json_quote(out, slice_of(spans[i].label));
        else
            str_adds(out, "null");
        str_addc(out, ']');
    }
    str_addc(out, ']');
}

static size_t place(const struct json *span, size_t i)
{
    int64_t value = 0;
    json_int(json_at(span, i), &value);
    return value > 0 ? (size_t)value : 0;
}

struct record_span *spans_read(struct arena *a, struct slice text, size_t *count)
{
    struct json *list = json_parse(text, NULL, NULL);
    struct record_span *spans = arena_zalloc(a, json_size(list) + 1, sizeof *spans);
    *count = 0;
    for (const struct json *j = json_first(list); j; j = json_next(j)) {
        const char *label = json_string(json_at(j, 2), NULL);
        spans[(*count)++] =
            (struct record_span){place(j, 0), place(j, 1), label ? arena_strndup(a, label, strlen(label)) : NULL};
    }
    json_free(list);
    return spans;
}
