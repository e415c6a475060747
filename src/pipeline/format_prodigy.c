/*
 * Prodigy JSONL. "text" is what was judged: y0, or the prompt where the task has an output of its
 * own. Keys with an underscore are Prodigy's bookkeeping and are kept in meta.prodigy. Where the
 * task shows a rule (a guardrail), "answer" is a person's word on it.
 */
#include <string.h>

#include "base/json_raw.h"
#include "base/json_text.h"
#include "pipeline/draft.h"
#include "pipeline/format.h"

static void take_meta(struct draft *d, struct slice object)
{
    size_t at = 0;
    struct slice key, value;
    while (json_raw_next(object, &at, &key, &value))
        if (!slice_is(key, "\"id\"") || !draft_offer(d, SLICE("id"), value))
            draft_meta(d, key, value);
}

/* Prodigy has no ids but the hashes of input and task, which stay the same. */
static void make_id(struct draft *d, struct slice object)
{
    struct slice input = member_of(object, "_input_hash"), task = member_of(object, "_task_hash");
    struct str id = {0};
    if (input.len && task.len) {
        str_addf(&id, "prodigy/%.*s/%.*s", (int)input.len, input.at, (int)task.len, task.at);
        draft_set_text(d, DRAFT_ID, str_slice(&id));
    }
    str_free(&id);
}

static void take_answer(struct answers *answers, const struct draft *d, struct slice object)
{
    struct str text = {0};
    const char *said = member_text(&text, object, "answer");
    bool accept = strcmp(said, "accept") == 0, reject = strcmp(said, "reject") == 0;
    if (draft_has(d, DRAFT_GUARDRAIL) && *said) {
        struct answer *a = answers_add(answers, accept   ? ANSWER_ACCEPT
                                                : reject ? ANSWER_REJECT
                                                         : ANSWER_SKIP);
        str_adds(&a->reviewer, member_text(&text, object, "_annotator_id"));
        str_add_slice(&a->mistake, str_slice(&d->value[DRAFT_MISTAKE]));
        str_add_slice(&a->guardrail, str_slice(&d->value[DRAFT_GUARDRAIL]));
    }
    str_free(&text);
}

int prodigy_convert(struct str *line, struct answers *answers, struct slice object,
                    struct error *err)
{
    (void)err;
    struct draft d = {0};
    struct str rest = {0};
    size_t at = 0;
    struct slice key, value, text = member_of(object, "text");
    while (json_raw_next(object, &at, &key, &value)) {
        if (slice_is(key, "\"meta\"") && value.at[0] == '{')
            take_meta(&d, value);
        else if (key.at[1] == '_' || slice_is(key, "\"answer\"") || slice_is(key, "\"tokens\""))
            member_add(&rest, key, value);
        else if (!slice_is(key, "\"text\""))
            draft_take(&d, key, value);
    }
    if (text.len && text.at[0] == '"')
        draft_set(&d, draft_has(&d, DRAFT_Y0) ? DRAFT_PROMPT : DRAFT_Y0, text);
    make_id(&d, object);
    take_answer(answers, &d, object);
    draft_meta_object(&d, "prodigy", str_slice(&rest));
    draft_print(line, &d, "prodigy");
    draft_free(&d);
    str_free(&rest);
    return 0;
}
