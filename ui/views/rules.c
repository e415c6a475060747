#include "ui/views/rules.h"

#include <string.h>

#include "app/actions.h"
#include "base/mem.h"
#include "ui/views/rules_state.h"

const struct binding rules_bindings[] = {
    {"rules", "j Down", "down", "next rule"},
    {"rules", "k Up", "up", "previous rule"},
    {"rules", "g Home", "first", "first rule"},
    {"rules", "G End", "last", "last rule"},
    {"rules", "Ctrl-d PgDn", "page-down", "a page down"},
    {"rules", "Ctrl-u PgUp", "page-up", "a page up"},
    {"rules", "Enter Right", "open", "the records that cite it"},
    {"rules", "b", "broken", "held-out records that still show its mistake"},
    {"rules", "e", "edit", "edit it everywhere"},
    {"rules", "m", "merge", "merge: m on one rule, then m on the one that stays"},
    {"rules", "x", "retire", "retire it, or take it into use again"},
    {"rules", "o", "sort", "order by uses, edits, age, text, worth, broken"},
    {"rules", "v", "retired", "show retired rules too, or not"},
    {"rules", "H", "history", "who changed it"},
    {"rules", "u", "undo", "take back what you did last"},
    {"rules", "Ctrl-r", "redo", "do again what was taken back"},
    {"rules", "Esc", "put-aside", "merge nothing"},
    {"rules", "q", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

const struct rules_row *rules_row_here(const struct rules_view *v)
{
    return v->rows && v->rules.count ? &v->rows[v->list.cursor] : NULL;
}

const struct rule *rules_here(const struct rules_view *v)
{
    const struct rules_row *row = rules_row_here(v);
    return row ? row->rule : NULL;
}

static void refresh(void *view)
{
    struct rules_view *v = view;
    struct error err = {0};
    if (rules_rows_load(v, &err) != 0)
        desk_fault(v->desk, &err);
}

static void rules_view_free(void *view)
{
    struct rules_view *v = view;
    rules_rows_free(v);
    str_free(&v->records);
    str_free(&v->mistake);
    str_free(&v->guardrail);
    mem_free(v);
}

static struct rules_view *open_view(struct desk *d, int sort, int64_t weighing, struct error *err)
{
    struct rules_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->sort = sort;
    v->weighing = weighing;
    if (rules_rows_load(v, err) == 0)
        return v;
    rules_view_free(v);
    return NULL;
}

struct rules_view *rules_view_new(struct desk *d, struct error *err)
{
    return open_view(d, RULES_BY_USES, 0, err);
}

struct rules_view *rules_view_new_by_worth(struct desk *d, int64_t eval, struct error *err)
{
    return open_view(d, RULES_BY_WORTH, eval, err);
}

static void open_records(struct rules_view *v)
{
    const struct rule *r = rules_here(v);
    if (!r)
        return;
    if (r->uses == 0) {
        desk_say(v->desk, LOOK_WARN, "no record cites rule #%lld", (long long)r->id);
        return;
    }
    struct str limit = {0};
    str_addf(&limit, "rule:%lld", (long long)r->id);
    desk_open_limited(v->desk, str_z(&limit)); /* frees this view */
    str_free(&limit);
}

static void open_broken(struct rules_view *v)
{
    const struct rules_row *row = rules_row_here(v);
    if (!row)
        return;
    if (!v->broken_by.count)
        desk_say(v->desk, LOOK_WARN, "no eval of a trained model is done yet: E lists them");
    else if (!row->broken)
        desk_say(v->desk, LOOK_GOOD, "no record of %s shows this mistake", v->broken_by.items[0].name);
    else
        desk_open_broken(v->desk, v->broken_by.items[0].id, row->rule->id);
}

/* Says what was done and shows the library as it is now. */
static void done(struct rules_view *v, int result, struct outcome *out, const struct error *err)
{
    if (result == 0) {
        desk_changed(v->desk);
        refresh(v);
        desk_say(v->desk, LOOK_GOOD, "%s", str_z(&out->said));
    } else {
        desk_fault(v->desk, err);
    }
    outcome_free(out);
}

static void merge(struct rules_view *v)
{
    const struct rule *r = rules_here(v);
    struct outcome out = {0};
    struct error err = {0};
    if (!r)
        return;
    if (v->merging == 0) {
        v->merging = r->id;
        desk_say(v->desk, LOOK_WARN, "merge rule #%lld into which? m on it; Esc merges nothing", (long long)r->id);
        return;
    }
    int64_t from = v->merging;
    v->merging = 0;
    done(v, action_merge_rules(desk_session(v->desk), from, r->id, &out, &err), &out, &err);
}

static void put_aside(struct rules_view *v)
{
    v->merging = 0;
}

static void retire(struct rules_view *v)
{
    const struct rule *r = rules_here(v);
    struct outcome out = {0};
    struct error err = {0};
    if (r)
        done(v, action_retire_rule(desk_session(v->desk), r->id, r->status == RULE_ACTIVE, &out, &err), &out, &err);
}

static bool answer_preview(void *view, struct slice text)
{
    struct rules_view *v = view;
    struct outcome out = {0};
    struct error err = {0};
    struct rule_typed typed = {str_slice(&v->mistake), str_slice(&v->guardrail)};
    (void)text; /* Enter is the answer */
    done(v, action_edit_rule(desk_session(v->desk), v->editing, typed, &out, &err), &out, &err);
    return true;
}

/* Before a rule changes for everyone who cites it: what changes, and for how many. */
static bool answer_guardrail(void *view, struct slice text)
{
    struct rules_view *v = view;
    const struct rule *r = rules_here(v);
    struct str label = {0};
    str_clear(&v->guardrail);
    str_add_slice(&v->guardrail, text);
    str_adds(&label, "reword it in ");
    add_count(&label, r ? (long long)r->uses : 0);
    str_adds(&label, r && r->uses == 1 ? " record? Enter does, Esc does not "
                                       : " records? Enter does, Esc does not ");
    desk_ask(v->desk, &(struct question){.kind = RULES_REWORD,
                                         .label = str_z(&label),
                                         .answer = answer_preview,
                                         .view = v});
    str_free(&label);
    return true;
}

static bool answer_mistake(void *view, struct slice text)
{
    struct rules_view *v = view;
    const struct rule *r = rules_here(v);
    str_clear(&v->mistake);
    str_add_slice(&v->mistake, text);
    desk_ask(v->desk, &(struct question){.kind = "guardrail",
                                         .label = "guardrail: ",
                                         .initial = slice_of(r ? r->guardrail : ""),
                                         .answer = answer_guardrail,
                                         .view = v});
    return true;
}

static void edit(struct rules_view *v)
{
    const struct rule *r = rules_here(v);
    if (!r)
        return;
    v->editing = r->id;
    desk_ask(v->desk, &(struct question){.kind = "mistake",
                                         .label = "mistake: ",
                                         .initial = slice_of(r->mistake),
                                         .answer = answer_mistake,
                                         .view = v});
}

const char *const rules_sort_words[RULES_SORTS] = {"uses", "edits", "age", "text", "worth", "broken"};

static bool answer_sort(void *view, struct slice text)
{
    struct rules_view *v = view;
    text = slice_trim(text);
    for (int i = 0; i < RULES_SORTS; i++) {
        if (text.len == 0 || text.len > strlen(rules_sort_words[i]) || memcmp(rules_sort_words[i], text.at, text.len) != 0)
            continue;
        v->sort = i;
        refresh(v);
        return true;
    }
    desk_say(v->desk, LOOK_BAD, "an order is uses, edits, age, text, worth or broken");
    return false;
}

static void complete_sort(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    (void)view;
    words_complete(out, rules_sort_words, RULES_SORTS, text, cursor);
}

static void sort(struct rules_view *v)
{
    desk_ask(v->desk, &(struct question){.kind = "rule-sort",
                                         .label = "order by (uses edits age text worth broken): ",
                                         .answer = answer_sort,
                                         .complete = complete_sort,
                                         .view = v});
}

static void toggle_retired(struct rules_view *v)
{
    v->retired = !v->retired;
    refresh(v);
    desk_say(v->desk, LOOK_TEXT, v->retired ? "retired rules are shown" : "retired rules are not shown");
}

static void history(struct rules_view *v)
{
    if (rules_here(v))
        desk_open_history(v->desk, 0, rules_here(v)->id);
}

static void undo(struct rules_view *v)
{
    struct outcome out = {0};
    struct error err = {0};
    done(v, action_undo(desk_session(v->desk), &out, &err), &out, &err);
}

static void redo(struct rules_view *v)
{
    struct outcome out = {0};
    struct error err = {0};
    done(v, action_redo(desk_session(v->desk), &out, &err), &out, &err);
}

static bool command(void *view, const char *name)
{
    static const struct {
        const char *name;
        void (*run)(struct rules_view *v);
    } table[] = {
        {"open", open_records}, {"edit", edit}, {"merge", merge},     {"retire", retire},
        {"sort", sort},         {"undo", undo}, {"redo", redo},       {"retired", toggle_retired},
        {"history", history},   {"put-aside", put_aside}, {"broken", open_broken},
    };
    struct rules_view *v = view;
    if (listing_command(&v->list, v->rules.count, name))
        return true;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].name, name) == 0) {
            table[i].run(v);
            return true;
        }
    }
    return false;
}

static const char *hints(void *view)
{
    const struct rules_view *v = view;
    if (!v->merging && (v->any_worth || v->broken_by.count))
        return "j/k move  Enter records  b still broken  o order  e edit  m merge  x retire  q back  ? help";
    return v->merging ? "m merge into this one  Esc merge nothing"
                      : "j/k move  Enter records  e edit  m merge  x retire  u undo  q back  ? help";
}

const struct view_ops rules_view_ops = {
    .mode = "rules",
    .free = rules_view_free,
    .command = command,
    .paint = rules_paint,
    .refresh = refresh,
    .hints = hints,
};
