/* What taught a model how it treats a record. */
#include <string.h>

#include "app/taught.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/mem.h"
#include "ui/views/eval_text.h"
#include "ui/views/evals.h"
#include "ui/views/listing.h"
#include "ui/views/rule_worth.h"

struct line { /* a rule, or a decision below it */
    size_t rule;
    bool decision;
    size_t at; /* of decisions */
};

struct taught_view {
    struct desk *desk;
    int64_t eval, record;
    struct taught t;
    struct line *lines;
    size_t count, cap;
    struct listing list;
    struct str title, says; /* what the grader says */
};

const struct binding taught_bindings[] = {
    {"taught", "j Down", "down", "next line"},
    {"taught", "k Up", "up", "line before"},
    {"taught", "g Home", "first", "first line"},
    {"taught", "G End", "last", "last line"},
    {"taught", "Ctrl-d PgDn", "page-down", "a page down"},
    {"taught", "Ctrl-u PgUp", "page-up", "a page up"},
    {"taught", "Enter Right", "open", "the record in review; of a rule: the records citing it"},
    {"taught", "H", "history", "who decided what: of the rule, or of the record"},
    {"taught", "q Esc", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static void add_line(struct taught_view *v, struct line line)
{
    v->lines = array_reserve(v->lines, &v->cap, v->count + 1, sizeof *v->lines);
    v->lines[v->count++] = line;
}

static int load(struct taught_view *v, struct error *err)
{
    struct taught fresh = {0};
    struct store *s = session_store(desk_session(v->desk));
    struct eval_items item = {0};
    struct evals self = {0};
    if (taught_find(desk_session(v->desk), v->eval, v->record, &fresh, err) != 0) {
        taught_free(&fresh);
        return -1;
    }
    taught_free(&v->t);
    v->t = fresh;
    v->count = 0;
    for (size_t i = 0; i < fresh.n_rules; i++) {
        add_line(v, (struct line){.rule = i});
        for (size_t k = 0; k < fresh.rules[i].count; k++)
            add_line(v, (struct line){i, true, fresh.rules[i].first + k});
    }
    listing_clamp(&v->list, v->count);
    str_clear(&v->title);
    str_clear(&v->says);
    if (eval_store_get(s, v->eval, &self, NULL) == 0 && eval_store_item(s, v->eval, v->record, &item, NULL) == 0) {
        str_addf(&v->title, " What taught %s this: %s", eval_model(&self.items[0]), item.items[0].key);
        eval_headline(&v->says, item.items[0].fault ? item.items[0].fault : item.items[0].rationale);
    }
    eval_items_free(&item);
    evals_free(&self);
    return 0;
}

static void taught_view_free(void *view)
{
    struct taught_view *v = view;
    taught_free(&v->t);
    mem_free(v->lines);
    str_free(&v->title);
    str_free(&v->says);
    mem_free(v);
}

struct taught_view *taught_view_new(struct desk *d, int64_t eval, int64_t record, struct error *err)
{
    struct taught_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->eval = eval;
    v->record = record;
    if (load(v, err) == 0)
        return v;
    taught_view_free(v);
    return NULL;
}

static void refresh(void *view)
{
    struct taught_view *v = view;
    struct error err = {0};
    if (load(v, &err) != 0)
        desk_fault(v->desk, &err);
}

static void open_it(struct taught_view *v)
{
    const struct line *l = &v->lines[v->list.cursor];
    struct str limit = {0};
    if (l->decision) {
        desk_open_record(v->desk, v->t.decisions[l->at].record);
        return;
    }
    str_addf(&limit, "rule:%lld", (long long)v->t.rules[l->rule].rule);
    desk_open_limited(v->desk, str_z(&limit)); /* v is gone */
    str_free(&limit);
}

static bool command(void *view, const char *name)
{
    struct taught_view *v = view;
    if (listing_command(&v->list, v->count, name))
        return true;
    bool open = strcmp(name, "open") == 0;
    if (!open && strcmp(name, "history") != 0)
        return false;
    if (!v->count)
        return true;
    const struct line *l = &v->lines[v->list.cursor];
    if (open)
        open_it(v);
    else if (l->decision)
        desk_open_history(v->desk, v->t.decisions[l->at].record, 0);
    else
        desk_open_history(v->desk, 0, v->t.rules[l->rule].rule);
    return true;
}

static void paint_rule(const struct taught_view *v, const struct taught_rule *r, const struct paint *p, int row,
                       enum look edge)
{
    struct str text = {0};
    const char *why = r->why & TAUGHT_BROKEN ? "broken here" : r->why & TAUGHT_OWN ? "its own rule" : "alike";
    (void)v;
    str_addf(&text, "#%lld", (long long)r->rule);
    int at = 2 + paint_text(p, row, 2, p->cols - 2, str_slice(&text), edge);
    at += 1 + paint_z(p, row, at + 1, p->cols - at - 1, why, r->why & TAUGHT_BROKEN ? LOOK_BAD : LOOK_DIM);
    str_clear(&text);
    enum look look = LOOK_DIM;
    if (r->weighed)
        look = rule_worth_say(&text, &r->worth, p->ascii);
    int room = p->cols - at - 2;
    int used = paint_z(p, row, at + 2, room, r->guardrail, r->retired ? LOOK_DIM : LOOK_STRONG);
    if (text.len && used + 2 + (int)text.len < room)
        paint_text(p, row, at + 2 + used + 2, room - used - 2, str_slice(&text), look);
    str_free(&text);
}

static void paint_decision(const struct taught_view *v, const struct taught_decision *d, const struct paint *p, int row,
                           enum look edge)
{
    struct str text = {0};
    column_cell(&text, slice_of(d->key), 24, false);
    p->put(p->context, row, 6, str_slice(&text), 24, edge);
    str_clear(&text);
    str_addf(&text, "%s%s%s", d->verb, *d->reviewer ? " by " : "", d->reviewer);
    if (d->when) {
        str_addc(&text, ' ');
        add_age(&text, d->when, clock_now_ms());
        str_adds(&text, strcmp(text.at + text.len - 3, "now") == 0 ? "" : " ago");
    }
    paint_text(p, row, 32, p->cols - 32 - 16, str_slice(&text), LOOK_TEXT);
    if (v->t.knows_training)
        paint_z(p, row, p->cols - 15, 15, d->trained ? "in its training" : "not in training",
                d->trained ? LOOK_GOOD : LOOK_DIM);
    str_free(&text);
}

static void paint(void *view, const struct paint *p)
{
    struct taught_view *v = view;
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    paint_text(p, 0, 0, p->cols, str_slice(&v->title), LOOK_TITLE);
    paint_fill(p, 1, 0, p->cols, " ", LOOK_HEAD);
    paint_text(p, 1, 1, p->cols - 1, str_slice(&v->says), LOOK_HEAD);
    listing_show(&v->list, p->rows - 2);
    for (int i = 0; i < v->list.page; i++) {
        size_t at = v->list.top + (size_t)i;
        paint_fill(p, 2 + i, 0, p->cols, " ", LOOK_TEXT);
        if (at >= v->count)
            continue;
        const struct line *l = &v->lines[at];
        bool here = at == v->list.cursor;
        paint_z(p, 2 + i, 0, 2, here ? (p->ascii ? "> " : "▸ ") : "  ", here ? LOOK_CURSOR : LOOK_TEXT);
        if (l->decision)
            paint_decision(v, &v->t.decisions[l->at], p, 2 + i, here ? LOOK_CURSOR : LOOK_TEXT);
        else
            paint_rule(v, &v->t.rules[l->rule], p, 2 + i, here ? LOOK_CURSOR : LOOK_DIM);
    }
    if (!v->count) {
        paint_z(p, 3, 2, p->cols - 2, "No rule of the library speaks of this mistake: nobody taught it yet.", LOOK_DIM);
        paint_z(p, 4, 2, p->cols - 2, "Back in the eval, b sends the failure to the experts, who can write the rule.", LOOK_DIM);
    }
}

static const char *hints(void *view)
{
    const struct taught_view *v = view;
    bool decision = v->count && v->lines[v->list.cursor].decision;
    return decision ? "j/k move  Enter the record in review  H its history  q back  ? help"
                    : "j/k move  Enter the records that cite it  H the rule's history  q back  ? help";
}

const struct view_ops taught_view_ops = {
    .mode = "taught",
    .free = taught_view_free,
    .command = command,
    .paint = paint,
    .refresh = refresh,
    .hints = hints,
};
