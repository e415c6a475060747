/*
 * Label Studio: tasks with "data", "predictions" and "annotations". Data and the last prediction
 * become hinge's fields by their names (a result's "from_name"); an annotation that gives a rule is
 * an answer of that person, a cancelled one a skip. Labels on y0 become spans, with offsets counted
 * anew: Label Studio counts UTF-16 units, hinge code points.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json_raw.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "pipeline/draft.h"
#include "pipeline/format.h"

/* The value of a result whatever its control: text, choices, rating or number; a list's first. */
static struct slice result_value(struct slice result)
{
    static const char *const kinds[] = {"text", "choices", "rating", "number"};
    struct slice value = member_of(result, "value"), found = {"", 0}, key;
    for (size_t i = 0; !found.len && i < sizeof kinds / sizeof *kinds; i++)
        found = member_of(value, kinds[i]);
    size_t at = 0;
    if (found.len && found.at[0] == '[' && !json_raw_next(found, &at, &key, &found))
        return (struct slice){"", 0};
    return found;
}

/* Code points before UTF-16 offset at. */
static size_t from_utf16(struct slice text, size_t at)
{
    size_t units = 0, points = 0;
    for (size_t i = 0; i < text.len && units < at; points++) {
        uint32_t cp;
        i += utf8_decode(text.at + i, text.len - i, &cp);
        units += cp != UTF8_BAD && cp >= 0x10000 ? 2 : 1;
    }
    return points;
}

/* Appends a label's result as a span of y0; false when it is none. */
static bool add_span(struct str *spans, struct slice y0, struct slice result)
{
    struct slice value = member_of(result, "value"), labels = member_of(value, "labels"), key, name;
    struct slice start = member_of(value, "start"), end = member_of(value, "end");
    size_t at = 0;
    if (!start.len || !end.len || !labels.len || !json_raw_next(labels, &at, &key, &name))
        return false;
    str_addf(spans, "%s{\"start\":%zu,\"end\":%zu,\"label\":%.*s}", spans->len ? "," : "[",
             from_utf16(y0, strtoul(start.at, NULL, 10)),
             from_utf16(y0, strtoul(end.at, NULL, 10)), (int)name.len, name.at);
    return true;
}

/* Offers a prediction's results as fields. */
static void take_results(struct draft *d, struct slice list)
{
    struct str spans = {0}, y0 = {0}, name = {0};
    size_t at = 0;
    struct slice key, each;
    if (draft_has(d, DRAFT_Y0))
        json_unquote(&y0, str_slice(&d->value[DRAFT_Y0]));
    while (list.len && list.at[0] == '[' && json_raw_next(list, &at, &key, &each)) {
        struct slice value = result_value(each);
        member_text(&name, each, "from_name");
        if (!add_span(&spans, str_slice(&y0), each) && value.len)
            draft_offer(d, str_slice(&name), value);
    }
    if (spans.len) {
        str_addc(&spans, ']');
        draft_set(d, DRAFT_SPANS, str_slice(&spans));
    }
    str_free(&spans);
    str_free(&y0);
    str_free(&name);
}

static void take_annotation(struct answers *answers, struct slice annotation)
{
    bool skipped = slice_is(member_of(annotation, "was_cancelled"), "true");
    struct slice list = member_of(annotation, "result");
    struct slice who = member_of(annotation, "completed_by");
    struct slice email = member_of(who, "email"), key, each;
    struct str mistake = {0}, guardrail = {0}, name = {0};
    size_t at = 0;
    while (list.len && list.at[0] == '[' && json_raw_next(list, &at, &key, &each)) {
        member_text(&name, each, "from_name");
        enum draft_field field = draft_field_of(str_slice(&name));
        struct slice value = result_value(each);
        if (value.len && value.at[0] == '"' && field == DRAFT_MISTAKE)
            str_add_slice(&mistake, value);
        if (value.len && value.at[0] == '"' && field == DRAFT_GUARDRAIL)
            str_add_slice(&guardrail, value);
    }
    if (skipped || guardrail.len) {
        struct answer *a = answers_add(answers, skipped ? ANSWER_SKIP : ANSWER_ACCEPT);
        if (email.len && email.at[0] == '"')
            json_unquote(&a->reviewer, email);
        else if (who.len && who.at[0] != '{' && who.at[0] != 'n')
            str_addf(&a->reviewer, "labelstudio-%.*s", (int)who.len, who.at);
        str_add_slice(&a->mistake, str_slice(&mistake));
        str_add_slice(&a->guardrail, str_slice(&guardrail));
    }
    str_free(&mistake);
    str_free(&guardrail);
    str_free(&name);
}

static void take_id(struct draft *d, struct slice object)
{
    struct slice id = member_of(object, "id");
    struct str text = {0};
    if (id.len && id.at[0] != '"' && id.at[0] != 'n') {
        str_addf(&text, "labelstudio/%.*s", (int)id.len, id.at);
        draft_set_text(d, DRAFT_ID, str_slice(&text));
    } else if (id.len) {
        draft_offer(d, SLICE("id"), id);
    }
    str_free(&text);
}

/* The last element of a list; empty when there is none. */
static struct slice last_of(struct slice list)
{
    size_t at = 0;
    struct slice key, each, last = {"", 0};
    while (list.len && list.at[0] == '[' && json_raw_next(list, &at, &key, &each))
        last = each;
    return last;
}

int labelstudio_convert(struct str *line, struct answers *answers, struct slice object,
                        struct error *err)
{
    (void)err;
    struct draft d = {0};
    struct str rest = {0};
    size_t at = 0;
    struct slice key, value, data = member_of(object, "data");
    while (json_raw_next(data, &at, &key, &value))
        draft_take(&d, key, value);
    take_id(&d, object);
    take_results(&d, member_of(last_of(member_of(object, "predictions")), "result"));
    struct slice annotations = member_of(object, "annotations");
    at = 0;
    while (annotations.len && annotations.at[0] == '[' &&
           json_raw_next(annotations, &at, &key, &value))
        take_annotation(answers, value);
    at = 0;
    while (json_raw_next(object, &at, &key, &value))
        if (!slice_is(key, "\"data\"") && !slice_is(key, "\"id\""))
            member_add(&rest, key, value);
    draft_meta_object(&d, "labelstudio", str_slice(&rest));
    draft_print(line, &d, "labelstudio");
    draft_free(&d);
    str_free(&rest);
    return 0;
}
