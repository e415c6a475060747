#include "experiments/scribe_records.h"

#include <string.h>

#include "experiments/scribe_parts.h"

static void record_id(struct str *out, const char *split, uint64_t index)
{
    str_addf(out, "scribe/%s/%04llu", split, (unsigned long long)index);
}

static struct json *record_json(const struct visit *v, const char *split, uint64_t index, const struct str *transcript)
{
    struct json *j = json_new_object(), *meta = json_new_object();
    struct str id = {0}, note = {0};
    record_id(&id, split, index);
    json_set_string(j, "id", id.at);
    json_set_string(j, "task", SCRIBE_TASK);
    json_set_string(j, "prompt", str_z(transcript));
    if (strcmp(split, "train") != 0) {
        note_print(&note, v, 0);
        json_set_string(j, "y_star", note.at);
    }
    json_set_string(j, "split", split);
    json_set(meta, "facts", visit_to_json(v));
    json_set(j, "meta", meta);
    str_free(&id);
    str_free(&note);
    return j;
}

int scribe_record(struct str *out, const struct forms *f, uint64_t seed, const char *split, uint64_t index,
                  struct error *err)
{
    struct visit v;
    struct str transcript = {0};
    int result = visit_draw(&v, f, seed, split, index, &transcript, err);
    if (result == 0) {
        struct json *j = record_json(&v, split, index, &transcript);
        json_print(out, j);
        str_addc(out, '\n');
        json_free(j);
    }
    str_free(&transcript);
    return result;
}

/* {"for": "STEP ID NUMBER", "reply": reply}; takes reply. */
static void reply_line(struct str *out, const char *step, const char *id, int number, struct json *reply)
{
    struct json *j = json_new_object();
    struct str label = {0};
    str_addf(&label, "%s %s %d", step, id, number);
    json_set_int(reply, "in", 0);
    json_set_int(reply, "out", 0);
    json_set_string(reply, "model", "scribe");
    json_set_string(j, "for", label.at);
    json_set(j, "reply", reply);
    json_print(out, j);
    str_addc(out, '\n');
    json_free(j);
    str_free(&label);
}

static void note_reply(struct str *out, const char *step, const char *id, int number, const struct visit *v,
                       rule_set broken)
{
    struct str note = {0};
    struct json *reply = json_new_object();
    note_print(&note, v, broken);
    json_set_string(reply, "text", note.at);
    reply_line(out, step, id, number, reply);
    str_free(&note);
}

static void rule_reply(struct str *out, const char *id, rule_set broken)
{
    int first = 0;
    while (!(broken & BIT(first)))
        first++;
    struct json *reply = json_new_object(), *rule = json_new_object();
    json_set_string(rule, "mistake", rule_mistake((enum scribe_rule)first, 0));
    json_set_string(rule, "guardrail", rule_guardrail((enum scribe_rule)first, 0));
    json_set_int(rule, "rule", 0);
    json_set(reply, "json", rule);
    reply_line(out, "distill", id, 1, reply);
}

int scribe_replies(struct str *out, const struct forms *f, uint64_t seed, const char *split, uint64_t index,
                   struct error *err)
{
    struct visit v;
    struct str transcript = {0}, id = {0};
    struct draw d;
    int result = visit_draw(&v, f, seed, split, index, &transcript, err);
    if (result == 0) {
        draw_seed(&d, seed, "teacher", index);
        rule_set broken = writer_breaks(WRITER_TEACHER, visit_rules(&v), &d);
        record_id(&id, split, index);
        note_reply(out, "generate", id.at, 0, &v, broken);
        if (broken) {
            note_reply(out, "refine", id.at, 1, &v, 0);
            rule_reply(out, id.at, broken);
        }
    }
    str_free(&transcript);
    str_free(&id);
    return result;
}

rule_set scribe_broken(const struct visit *v, const char *note)
{
    struct grade g = {0};
    note_grade(&g, v, slice_of(note));
    rule_set broken = g.broken;
    grade_free(&g);
    return broken;
}
