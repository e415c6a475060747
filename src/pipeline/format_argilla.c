/*
 * Argilla 2.x, both shapes: records as rg.Record.to_dict writes them, with "fields", "suggestions"
 * and "responses", and the flat rows of to_list(flatten=True), with "Q.suggestion", "Q.responses".
 * Fields and suggestions become hinge's fields by their names. A submitted response to "mistake" or
 * "guardrail" is an answer of that person.
 */
#include <string.h>

#include "base/json_raw.h"
#include "base/json_text.h"
#include "pipeline/draft.h"
#include "pipeline/format.h"

struct argilla {
    struct draft draft;
    struct str rest; /* what has no place, as members of meta.argilla */
    struct answers *answers;
};

/* The person's answer so far, a new one when there is none. */
static struct answer *answer_of(struct answers *answers, const char *who)
{
    for (size_t i = 0; i < answers->count; i++)
        if (strcmp(str_z(&answers->items[i].reviewer), who) == 0)
            return &answers->items[i];
    struct answer *answer = answers_add(answers, ANSWER_ACCEPT);
    str_adds(&answer->reviewer, who);
    return answer;
}

/* One response: discarded means skipped, a draft counts for nothing. */
static void take_response(struct argilla *a, enum draft_field field, struct slice value,
                          const char *who, const char *status)
{
    if (strcmp(status, "draft") == 0)
        return;
    struct answer *answer = answer_of(a->answers, who);
    if (strcmp(status, "discarded") == 0)
        answer->kind = ANSWER_SKIP;
    else if (value.len && value.at[0] == '"')
        json_compact(field == DRAFT_MISTAKE ? &answer->mistake : &answer->guardrail, value, false);
}

static bool asks_for_rule(enum draft_field field)
{
    return field == DRAFT_MISTAKE || field == DRAFT_GUARDRAIL;
}

/* "responses": {question: [{"value", "user_id", "status"}]} */
static void take_responses(struct argilla *a, struct slice object)
{
    size_t at = 0;
    struct slice key, list;
    struct str who = {0}, status = {0};
    while (json_raw_next(object, &at, &key, &list)) {
        enum draft_field field = draft_field_of(slice_sub(key, 1, key.len - 1));
        size_t in = 0;
        struct slice none, each;
        while (asks_for_rule(field) && list.at[0] == '[' && json_raw_next(list, &in, &none, &each))
            take_response(a, field, member_of(each, "value"), member_text(&who, each, "user_id"),
                          member_text(&status, each, "status"));
    }
    str_free(&who);
    str_free(&status);
}

/* "suggestions": {question: {"value", "score", "agent"}} */
static void take_suggestions(struct argilla *a, struct slice object)
{
    size_t at = 0;
    struct slice key, each;
    while (json_raw_next(object, &at, &key, &each)) {
        struct slice value = member_of(each, "value");
        if (value.len)
            draft_offer(&a->draft, slice_sub(key, 1, key.len - 1), value);
    }
}

static void take_fields(struct argilla *a, struct slice object)
{
    size_t at = 0;
    struct slice key, value;
    while (json_raw_next(object, &at, &key, &value))
        draft_take(&a->draft, key, value);
}

static void read_nested(struct argilla *a, struct slice object)
{
    size_t at = 0;
    struct slice key, value;
    take_fields(a, member_of(object, "fields"));
    while (json_raw_next(object, &at, &key, &value)) {
        bool is_map = value.at[0] == '{';
        if (slice_is(key, "\"fields\""))
            continue;
        if (slice_is(key, "\"id\"") && draft_offer(&a->draft, SLICE("id"), value))
            continue;
        if (slice_is(key, "\"metadata\"") && is_map) {
            take_fields(a, value);
            continue;
        }
        if (slice_is(key, "\"suggestions\"") && is_map)
            take_suggestions(a, value);
        if (slice_is(key, "\"responses\"") && is_map)
            take_responses(a, value);
        member_add(&a->rest, key, value);
    }
}

static const char *text_of(struct str *out, struct slice value)
{
    str_clear(out);
    if (value.len && value.at[0] == '"')
        json_unquote(out, value);
    return str_z(out);
}

/* "Q.responses" with its parallel lists "Q.responses.users" and "Q.responses.status". */
static void take_flat_responses(struct argilla *a, struct slice object, struct slice question,
                                struct slice list)
{
    struct str name = {0}, who = {0}, status = {0};
    enum draft_field field = draft_field_of(question);
    str_addf(&name, "%.*s.responses.users", (int)question.len, question.at);
    struct slice users = member_of(object, str_z(&name));
    str_clear(&name);
    str_addf(&name, "%.*s.responses.status", (int)question.len, question.at);
    struct slice states = member_of(object, str_z(&name));
    for (size_t i = 0; asks_for_rule(field); i++) {
        struct slice value = element_of(list, i);
        if (!value.len)
            break;
        take_response(a, field, value, text_of(&who, element_of(users, i)),
                      text_of(&status, element_of(states, i)));
    }
    str_free(&name);
    str_free(&who);
    str_free(&status);
}

static void read_flat(struct argilla *a, struct slice object)
{
    size_t at = 0;
    struct slice key, value;
    while (json_raw_next(object, &at, &key, &value)) {
        struct slice name = slice_sub(key, 1, key.len - 1);
        const char *dot = memchr(name.at, '.', name.len);
        struct slice question = slice_sub(name, 0, dot ? (size_t)(dot - name.at) : 0);
        struct slice part = slice_sub(name, question.len, name.len);
        if (slice_is(part, ".suggestion") && draft_offer(&a->draft, question, value))
            continue;
        if (slice_is(part, ".responses"))
            take_flat_responses(a, object, question, value);
        if (dot || slice_is(name, "status") || slice_is(name, "_server_id"))
            member_add(&a->rest, key, value);
        else
            draft_take(&a->draft, key, value);
    }
}

int argilla_convert(struct str *line, struct answers *answers, struct slice object,
                    struct error *err)
{
    (void)err;
    struct argilla a = {.answers = answers};
    if (member_of(object, "fields").len)
        read_nested(&a, object);
    else
        read_flat(&a, object);
    draft_meta_object(&a.draft, "argilla", str_slice(&a.rest));
    draft_print(line, &a.draft, "argilla");
    draft_free(&a.draft);
    str_free(&a.rest);
    return 0;
}
