#include "pipeline/grader_program.h"

#include "base/json.h"
#include "base/utf8.h"

enum { RAW_MAX = 64 * 1024 };

void grader_program_input(struct str *out, const struct loop_record *r, const char *output)
{
    struct json *j = json_new_object(), *messages = json_new_array();
    struct str prompt = {0};
    prompt_text(&prompt, &r->prompt);
    json_set_string(j, "id", r->key);
    json_set_string(j, "task", r->task);
    json_set_string(j, "prompt", str_z(&prompt));
    for (size_t i = 0; i < r->prompt.count; i++) {
        struct json *m = json_new_object();
        json_set_string(m, "role", r->prompt.messages[i].role);
        json_set_string(m, "content", r->prompt.messages[i].content);
        json_push(messages, m);
    }
    json_set(j, "messages", messages);
    json_set_string(j, "output", output);
    json_set(j, "meta", r->meta ? json_new_raw(slice_of(r->meta)) : json_new_null());
    json_print(out, j);
    str_addc(out, '\n');
    json_free(j);
    str_free(&prompt);
}

static int read_spans(struct verdict *v, const struct json *spans, struct slice output, struct error *why)
{
    size_t length = utf8_count(output);
    if (json_type(spans) != JSON_NULL && json_type(spans) != JSON_ARRAY)
        return error_set(why, ERR_INPUT, "its \"spans\" is no list");
    for (const struct json *s = json_first(spans); s; s = json_next(s)) {
        int64_t start, end;
        if (!json_int(json_get(s, "start"), &start) || !json_int(json_get(s, "end"), &end) || start < 0 ||
            end < start || (uint64_t)end > length)
            return error_set(why, ERR_INPUT, "a span of it lies outside the output's %zu characters", length);
        verdict_add_span(v, output, utf8_offset(output, (size_t)start), utf8_offset(output, (size_t)end));
    }
    return 0;
}

static int read_answer(const struct grader *g, struct slice text, struct slice output, struct verdict *v,
                       struct error *why)
{
    struct json *j = json_parse(text, NULL, NULL);
    const struct json *score = json_get(j, "score"), *rationale = json_get(j, "rationale");
    double value = json_number(score, 0);
    int result = 0;
    if (json_type(j) != JSON_OBJECT)
        result = error_set(why, ERR_INPUT, "it did not print one JSON object");
    else if (json_type(score) != JSON_NUMBER || value < g->scale_min || value > g->scale_max)
        result = error_set(why, ERR_INPUT, "its \"score\" is no number from %g to %g", g->scale_min, g->scale_max);
    else if (json_type(rationale) != JSON_NULL && json_type(rationale) != JSON_STRING)
        result = error_set(why, ERR_INPUT, "its \"rationale\" is no text");
    else
        result = read_spans(v, json_get(j, "spans"), output, why);
    if (result == 0) {
        verdict_score(v, g, value);
        str_add_slice(&v->rationale, slice_trim(slice_of(json_string(rationale, ""))));
        verdict_settle(v);
    }
    json_free(j);
    return result;
}

/* What it printed, and what it said on standard error. */
static void add_raw(struct str *raw, struct slice text, const struct program_end *end)
{
    size_t len = text.len < RAW_MAX ? text.len : RAW_MAX;
    while (len < text.len && len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80)
        len--;
    str_add(raw, text.at, len);
    if (end->said.len)
        str_addf(raw, "%s[standard error] %s", raw->len ? "\n" : "", end->said.at);
}

void grader_program_read(const struct grader *g, const struct program_end *end, struct slice output,
                         struct verdict *v)
{
    struct error why = end->error;
    struct str text = {0}, raw = {0};
    utf8_repair(&text, str_slice(&end->output));
    if (!end->fine || read_answer(g, str_slice(&text), output, v, &why) != 0) {
        if (end->fine)
            error_prefix(&why, "program %s: ", g->program[0]);
        add_raw(&raw, str_slice(&text), end);
        verdict_fault(v, why.text, str_slice(&raw));
    }
    str_free(&text);
    str_free(&raw);
}
