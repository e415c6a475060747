#include "pipeline/export_decisions.h"

#include "base/clock.h"
#include "db/decision_store.h"
#include "db/record_store.h"

struct pass {
    struct export_file *file;
    const struct stored_record *record;
};

static void set_text(struct json *o, const char *name, const char *text)
{
    if (text)
        json_set_string(o, name, text);
}

static const char *output_text(const struct stored_record *r, int64_t id)
{
    for (size_t i = 0; i < r->n_outputs; i++)
        if (r->outputs[i].id == id)
            return r->outputs[i].text;
    return NULL;
}

static int add(void *context, const struct decision_row *row)
{
    struct pass *pass = context;
    struct json *o = json_new_object();
    char at[CLOCK_ISO_MAX];
    json_set_string(o, "id", row->key);
    json_set_string(o, "verb", verb_name(row->d.verb));
    json_set_string(o, "reviewer", row->reviewer);
    json_set_string(o, "at", clock_iso(row->d.created, at));
    json_set_int(o, "revision", row->d.revision);
    json_set_bool(o, "effective", row->effective);
    set_text(o, "mistake", row->rule_mistake);
    set_text(o, "guardrail", row->rule_guardrail);
    set_text(o, "candidate_mistake", row->candidate_mistake);
    set_text(o, "candidate_guardrail", row->candidate_guardrail);
    set_text(o, "reason", row->d.reason);
    set_text(o, "note", row->d.note);
    if (row->d.verb == VERB_EDIT_YSTAR)
        set_text(o, "y_star", output_text(pass->record, row->d.output));
    if (row->d.seconds > 0)
        json_set_number(o, "seconds", row->d.seconds);
    export_file_add_json(pass->file, o);
    return 0;
}

int export_decisions_of(struct store *s, int64_t record, struct export_file *f, struct error *err)
{
    struct stored_record r = {0};
    struct pass pass = {.file = f, .record = &r};
    int result = record_store_load(s, record, &r, err);
    if (result == 0)
        result = decision_store_history(s, record, add, &pass, err);
    stored_record_free(&r);
    return result;
}
