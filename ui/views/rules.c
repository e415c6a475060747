#include "ui/views/rules.h"

#include <string.h>

#include "app/actions.h"
#include "base/clock.h"
#include "base/mem.h"
#include "db/rule_store.h"
#include "ui/views/columns.h"
#include "ui/views/reword.h"

enum { DETAIL = 6, PREVIEW = 40 }; /* rows below the list; records named there */

static const char REWORD[] = "reword"; /* the question asked while the detail shows what would change */

struct rules_view {
    struct desk *desk;
    struct rules rules;
    enum rule_sort sort;
    bool retired; /* shown too */
    size_t cursor, top;
    int64_t merging; /* the rule to be merged, 0: none */
    struct str records; /* names of the cited rule's records, for the detail */
    int64_t records_of;
    size_t n_records;
    struct str mistake; /* typed first while a rule is edited */
    struct str guardrail; /* typed next */
    int64_t editing;
    int list_rows;
};

const struct binding rules_bindings[] = {
    {"rules", "j Down", "down", "next rule"},
    {"rules", "k Up", "up", "previous rule"},
    {"rules", "g Home", "first", "first rule"},
    {"rules", "G End", "last", "last rule"},
    {"rules", "Ctrl-d PgDn", "page-down", "a page down"},
    {"rules", "Ctrl-u PgUp", "page-up", "a page up"},
    {"rules", "Enter Right", "open", "the records that cite it"},
    {"rules", "e", "edit", "edit it everywhere"},
    {"rules", "m", "merge", "merge: m on one rule, then m on the one that stays"},
    {"rules", "x", "retire", "retire it, or take it into use again"},
    {"rules", "o", "sort", "order by uses, edits, age, text"},
    {"rules", "v", "retired", "show retired rules too, or not"},
    {"rules", "H", "history", "who changed it"},
    {"rules", "u", "undo", "take back what you did last"},
    {"rules", "Ctrl-r", "redo", "do again what was taken back"},
    {"rules", "Esc", "put-aside", "merge nothing"},
    {"rules", "q", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static const struct rule *here(const struct rules_view *v)
{
    return v->rules.count ? &v->rules.items[v->cursor] : NULL;
}

static int load(struct rules_view *v, struct error *err)
{
    int64_t at = here(v) ? here(v)->id : 0;
    struct rules fresh = {0};
    if (rule_store_list(session_store(desk_session(v->desk)), v->sort, v->retired, &fresh, err) != 0)
        return -1;
    rules_free(&v->rules);
    v->rules = fresh;
    v->records_of = 0;
    if (v->cursor >= fresh.count)
        v->cursor = fresh.count ? fresh.count - 1 : 0;
    for (size_t i = 0; i < fresh.count; i++)
        if (fresh.items[i].id == at)
            v->cursor = i;
    return 0;
}

static void refresh(void *view)
{
    struct rules_view *v = view;
    struct error err = {0};
    if (load(v, &err) != 0)
        desk_fault(v->desk, &err);
}

static void rules_view_free(void *view)
{
    struct rules_view *v = view;
    rules_free(&v->rules);
    str_free(&v->records);
    str_free(&v->mistake);
    str_free(&v->guardrail);
    mem_free(v);
}

struct rules_view *rules_view_new(struct desk *d, struct error *err)
{
    struct rules_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    if (load(v, err) == 0)
        return v;
    rules_view_free(v);
    return NULL;
}

static void move(struct rules_view *v, long by)
{
    long last = (long)v->rules.count - 1, to = (long)v->cursor + by;
    if (to > last)
        to = last;
    v->cursor = to > 0 ? (size_t)to : 0;
}

static void down(struct rules_view *v)
{
    move(v, 1);
}

static void up(struct rules_view *v)
{
    move(v, -1);
}

static void first(struct rules_view *v)
{
    v->cursor = 0;
}

static void last(struct rules_view *v)
{
    move(v, (long)v->rules.count);
}

static void page_down(struct rules_view *v)
{
    move(v, v->list_rows > 1 ? v->list_rows - 1 : 1);
}

static void page_up(struct rules_view *v)
{
    move(v, v->list_rows > 1 ? 1 - v->list_rows : -1);
}

static void open_records(struct rules_view *v)
{
    const struct rule *r = here(v);
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
    const struct rule *r = here(v);
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
    const struct rule *r = here(v);
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
    const struct rule *r = here(v);
    struct str label = {0};
    str_clear(&v->guardrail);
    str_add_slice(&v->guardrail, text);
    str_adds(&label, "reword it in ");
    add_count(&label, r ? (long long)r->uses : 0);
    str_adds(&label, r && r->uses == 1 ? " record? Enter does, Esc does not "
                                       : " records? Enter does, Esc does not ");
    desk_ask(v->desk, &(struct question){.kind = REWORD,
                                         .label = str_z(&label),
                                         .answer = answer_preview,
                                         .view = v});
    str_free(&label);
    return true;
}

static bool answer_mistake(void *view, struct slice text)
{
    struct rules_view *v = view;
    const struct rule *r = here(v);
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
    const struct rule *r = here(v);
    if (!r)
        return;
    v->editing = r->id;
    desk_ask(v->desk, &(struct question){.kind = "mistake",
                                         .label = "mistake: ",
                                         .initial = slice_of(r->mistake),
                                         .answer = answer_mistake,
                                         .view = v});
}

static const char *const sort_words[] = {"uses", "edits", "age", "text"};

static bool answer_sort(void *view, struct slice text)
{
    struct rules_view *v = view;
    text = slice_trim(text);
    for (int i = 0; i < 4; i++) {
        if (text.len == 0 || text.len > strlen(sort_words[i]) || memcmp(sort_words[i], text.at, text.len) != 0)
            continue;
        v->sort = (enum rule_sort)i;
        refresh(v);
        return true;
    }
    desk_say(v->desk, LOOK_BAD, "an order is uses, edits, age or text");
    return false;
}

static void complete_sort(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    (void)view;
    words_complete(out, sort_words, 4, text, cursor);
}

static void sort(struct rules_view *v)
{
    desk_ask(v->desk, &(struct question){.kind = "rule-sort",
                                         .label = "order by (uses edits age text): ",
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
    if (here(v))
        desk_open_history(v->desk, 0, here(v)->id);
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
        {"down", down},           {"up", up},     {"first", first},   {"last", last},
        {"page-down", page_down}, {"page-up", page_up}, {"open", open_records}, {"edit", edit},
        {"merge", merge},         {"retire", retire},   {"sort", sort},   {"retired", toggle_retired},
        {"history", history},     {"undo", undo}, {"redo", redo},     {"put-aside", put_aside},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].name, name) == 0) {
            table[i].run(view);
            return true;
        }
    }
    return false;
}

enum { COL_USES, COL_EDITS, COL_GUARDRAIL, COL_MISTAKE, COL_WHO, COLS };
static const struct column columns[COLS] = {
    [COL_USES] = {"uses", 5, 5, 0, true},
    [COL_EDITS] = {"edits", 5, 5, 4, true},
    [COL_GUARDRAIL] = {"guardrail", 40, 0, 0, false},
    [COL_MISTAKE] = {"mistake", 24, 0, 6, false},
    [COL_WHO] = {"made by", 8, 12, 9, false},
};

static void cell_text(const struct rule *r, int column, struct str *out)
{
    if (column == COL_USES)
        add_count(out, r->uses);
    else if (column == COL_EDITS)
        add_count(out, r->edits);
    else if (column == COL_WHO)
        str_adds(out, r->author ? r->author : "");
    else if (column == COL_MISTAKE)
        str_adds(out, r->mistake ? r->mistake : "");
    else
        str_addf(out, "%s%s", r->status == RULE_RETIRED ? "(retired) " : "", r->guardrail);
}

static void paint_row(const struct rules_view *v, const struct paint *p, int row, const struct place *places,
                      size_t i)
{
    const struct rule *r = &v->rules.items[i];
    bool at = i == v->cursor;
    enum look plain = r->status == RULE_ACTIVE ? LOOK_TEXT : LOOK_DIM;
    enum look edge = at ? LOOK_CURSOR : plain; /* of the sign and the uses: few bytes for a step */
    struct str text = {0}, cell = {0};
    paint_fill(p, row, 0, p->cols, " ", LOOK_TEXT);
    paint_z(p, row, 0, 2, r->id == v->merging ? "m " : at ? (p->ascii ? "> " : "\xE2\x96\xB8 ") : "  ", edge);
    for (int c = 0; c < COLS; c++) {
        str_clear(&text);
        str_clear(&cell);
        if (!places[c].width)
            continue;
        cell_text(r, c, &text);
        column_cell(&cell, str_slice(&text), places[c].width, columns[c].right);
        p->put(p->context, row, 2 + (int)places[c].at, str_slice(&cell), (int)places[c].width,
               c == COL_USES ? edge : plain);
    }
    str_free(&text);
    str_free(&cell);
}

static int add_record(void *context, int64_t record, const char *key)
{
    struct rules_view *v = context;
    (void)record;
    str_addf(&v->records, "%s%s", v->n_records ? ", " : "", key);
    return ++v->n_records >= PREVIEW;
}

/* What editing or merging the rule would touch: its whole words and the records that cite it. */
static void paint_detail(struct rules_view *v, const struct paint *p, int row)
{
    const struct rule *r = here(v);
    struct str text = {0};
    for (int i = 0; i < DETAIL && row + i < p->rows; i++)
        paint_fill(p, row + i, 0, p->cols, " ", i ? LOOK_TEXT : LOOK_HEAD);
    if (!r)
        return;
    if (v->records_of != r->id) {
        str_clear(&v->records);
        v->n_records = 0;
        rule_store_records(session_store(desk_session(v->desk)), r->id, add_record, v, NULL);
        v->records_of = r->id;
    }
    str_addf(&text, " rule #%lld, %lld record%s", (long long)r->id, (long long)r->uses,
             r->uses == 1 ? "" : "s");
    paint_text(p, row, 0, p->cols, str_slice(&text), LOOK_HEAD);
    paint_z(p, row + 1, 1, 12, "mistake", LOOK_DIM);
    paint_z(p, row + 2, 1, 12, "guardrail", LOOK_DIM);
    if (desk_asks(v->desk, REWORD) && v->editing == r->id) {
        bool signs = desk_signs(v->desk);
        reword_paint(p, row + 1, 12, p->cols - 13, slice_of(r->mistake ? r->mistake : ""),
                     str_slice(&v->mistake), signs);
        reword_paint(p, row + 2, 12, p->cols - 13, slice_of(r->guardrail),
                     str_slice(&v->guardrail), signs);
    } else {
        paint_z(p, row + 1, 12, p->cols - 13, r->mistake ? r->mistake : "", LOOK_TEXT);
        paint_z(p, row + 2, 12, p->cols - 13, r->guardrail, LOOK_STRONG);
    }
    paint_z(p, row + 3, 1, 12, "records", LOOK_DIM);
    paint_text(p, row + 3, 12, p->cols - 13, str_slice(&v->records), LOOK_TEXT);
    str_free(&text);
}

static void paint(void *view, const struct paint *p)
{
    struct rules_view *v = view;
    struct place places[COLS];
    int detail = p->rows >= 14 ? DETAIL - 2 : 0;
    v->list_rows = p->rows - 2 - detail;
    columns_fit(columns, COLS, (unsigned)(p->cols > 4 ? p->cols - 3 : 1), places);
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    struct str text = {0}, cell = {0};
    str_addf(&text, " Rules of %s: ", session_project(desk_session(v->desk)));
    add_count(&text, (long long)v->rules.count);
    str_addf(&text, ", by %s", sort_words[v->sort]);
    paint_text(p, 0, 0, p->cols, str_slice(&text), LOOK_TITLE);
    paint_fill(p, 1, 0, p->cols, " ", LOOK_HEAD);
    for (int c = 0; c < COLS; c++) {
        str_clear(&cell);
        if (!places[c].width)
            continue;
        column_cell(&cell, slice_of(columns[c].title), places[c].width, columns[c].right);
        p->put(p->context, 1, 2 + (int)places[c].at, str_slice(&cell), (int)places[c].width, LOOK_HEAD);
    }
    size_t rows = v->list_rows > 0 ? (size_t)v->list_rows : 1;
    if (v->cursor < v->top)
        v->top = v->cursor;
    if (v->cursor >= v->top + rows)
        v->top = v->cursor - rows + 1;
    for (int i = 0; i < v->list_rows; i++) {
        size_t at = v->top + (size_t)i;
        if (at < v->rules.count)
            paint_row(v, p, 2 + i, places, at);
        else
            paint_fill(p, 2 + i, 0, p->cols, " ", LOOK_TEXT);
    }
    if (v->rules.count == 0)
        paint_z(p, 3, 2, p->cols - 2, "No rules yet: accepting, editing or writing one puts it here.", LOOK_DIM);
    if (detail)
        paint_detail(v, p, p->rows - detail);
    str_free(&text);
    str_free(&cell);
}

static const char *hints(void *view)
{
    const struct rules_view *v = view;
    return v->merging ? "m merge into this one  Esc merge nothing"
                      : "j/k move  Enter records  e edit  m merge  x retire  u undo  q back  ? help";
}

const struct view_ops rules_view_ops = {
    .mode = "rules",
    .free = rules_view_free,
    .command = command,
    .paint = paint,
    .refresh = refresh,
    .hints = hints,
};
