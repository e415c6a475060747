#include "pipeline/grader_llm.h"

#include <stdio.h>

#include "base/utf8.h"
#include "pipeline/quotes.h"

const char grader_llm_schema[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"rationale\":{\"type\":\"string\",\"description\":\"what is wrong and why, fault by fault; empty when nothing is\"},"
    "\"quotes\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},"
    "\"description\":\"the words of the output that are wrong, copied exactly\"},"
    "\"score\":{\"type\":\"number\",\"description\":\"on the scale given\"}},"
    "\"required\":[\"rationale\",\"quotes\",\"score\"],\"additionalProperties\":false}";

int grader_llm_fill(const struct template *t, const struct grader *g, const struct loop_record *r, const char *output,
                    struct str *system, struct str *user, struct error *err)
{
    struct str prompt = {0};
    char low[32], high[32];
    snprintf(low, sizeof low, "%g", g->scale_min);
    snprintf(high, sizeof high, "%g", g->scale_max);
    prompt_text(&prompt, &r->prompt);
    const struct template_field fields[] = {
        {"task", slice_of(r->task)},     {"prompt", str_slice(&prompt)}, {"output", slice_of(output)},
        {"rubric", slice_of(g->rubric)}, {"scale_min", slice_of(low)},   {"scale_max", slice_of(high)},
    };
    int result = template_fill(t, fields, sizeof fields / sizeof *fields, system, user, err);
    str_free(&prompt);
    return result;
}

int grader_llm_check(const struct grader *g, const struct json *value, struct error *why)
{
    double score = json_number(json_get(value, "score"), g->scale_min - 1);
    if (score < g->scale_min || score > g->scale_max)
        return error_set(why, ERR_INPUT, "\"score\" is %g: the scale goes from %g to %g", score, g->scale_min,
                         g->scale_max);
    if (score < g->scale_max && slice_trim(slice_of(json_string(json_get(value, "rationale"), ""))).len == 0)
        return error_set(why, ERR_INPUT, "\"rationale\" is empty, but the score is below the top: say what is wrong");
    return 0;
}

struct finding {
    struct verdict *verdict;
    struct slice output;
};

static void add_quote(void *context, size_t from, size_t to)
{
    struct finding *f = context;
    verdict_add_span(f->verdict, f->output, from, to);
}

void grader_llm_read(const struct grader *g, const struct json *value, struct slice output, struct verdict *v)
{
    struct finding f = {v, output};
    verdict_score(v, g, json_number(json_get(value, "score"), g->scale_min));
    str_add_slice(&v->rationale, slice_trim(slice_of(json_string(json_get(value, "rationale"), ""))));
    for (const struct json *q = json_first(json_get(value, "quotes")); q; q = json_next(q))
        quote_find_pieces(output, slice_of(json_string(q, "")), add_quote, &f);
    verdict_settle(v);
}
