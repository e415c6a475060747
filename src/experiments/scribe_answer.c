#include "experiments/scribe_answer.h"

#include "base/utf8.h"
#include "experiments/scribe_parts.h"

static struct json *spans_json(const struct grade *g, struct slice note)
{
    struct json *spans = json_new_array();
    for (size_t i = 0; i < g->n_spans; i++) {
        struct json *s = json_new_object();
        json_set_int(s, "start", (int64_t)utf8_count(slice_sub(note, 0, g->spans[i].start)));
        json_set_int(s, "end", (int64_t)utf8_count(slice_sub(note, 0, g->spans[i].end)));
        json_push(spans, s);
    }
    return spans;
}

int grade_answer(struct str *out, struct slice question, struct error *err)
{
    struct json *j = json_parse(question, NULL, err);
    struct visit v;
    if (!j)
        return error_prefix(err, "the question is no JSON: ");
    const struct json *output = json_get(j, "output");
    int result = visit_from_json(&v, json_get(json_get(j, "meta"), "facts"), err);
    if (result == 0 && json_type(output) != JSON_STRING)
        result = error_set(err, ERR_INPUT, "the question has no text \"output\"");
    if (result == 0) {
        struct slice note = slice_of(json_string(output, ""));
        struct grade g = {0};
        note_grade(&g, &v, note);
        struct json *answer = json_new_object(), *rules = json_new_array();
        for (int r = 0; r < RULES; r++) {
            if (g.broken & BIT(r))
                json_push(rules, json_new_string(rule_name((enum scribe_rule)r)));
        }
        json_set_int(answer, "score", g.score);
        json_set_string(answer, "rationale", str_z(&g.rationale));
        json_set(answer, "spans", spans_json(&g, note));
        json_set(answer, "rules", rules);
        json_print(out, answer);
        str_addc(out, '\n');
        json_free(answer);
        grade_free(&g);
    }
    json_free(j);
    return result;
}
