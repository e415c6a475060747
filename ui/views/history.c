#include "ui/views/history.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/mem.h"
#include "db/decision_store.h"
#include "db/queue_store.h"
#include "text/diff.h"
#include "ui/views/flow_diff.h"
#include "ui/views/flow_paint.h"
#include "ui/views/listing.h"

/* One thing that was done. The change's texts are owned here; the flow borrows them. */
struct event {
    struct str head, note;
    bool effective;
    struct str before, after; /* words changed: machine's (or older), human's */
    bool changed;
    struct flow words, flow; /* of the note, of the change */
    struct flow_lights lights[2];
    size_t note_rows, rows; /* that it takes, at the width laid out for */
};

struct history_view {
    struct desk *desk;
    int64_t record, rule;
    struct str title;
    struct event *events;
    size_t count, cap;
    size_t top, total;
    int page, width;
};

const struct binding history_bindings[] = {
    {"history", "j Down", "down", "a line down"},
    {"history", "k Up", "up", "a line up"},
    {"history", "Ctrl-d PgDn", "page-down", "a page down"},
    {"history", "Ctrl-u PgUp", "page-up", "a page up"},
    {"history", "g Home", "first", "to the start"},
    {"history", "G End", "last", "to the end"},
    {"history", "q Esc H", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static void event_free(struct event *e)
{
    str_free(&e->head);
    str_free(&e->note);
    str_free(&e->before);
    str_free(&e->after);
    flow_free(&e->words);
    flow_free(&e->flow);
    flow_lights_free(&e->lights[0]);
    flow_lights_free(&e->lights[1]);
}

static void forget(struct history_view *v)
{
    for (size_t i = 0; i < v->count; i++)
        event_free(&v->events[i]);
    v->count = 0;
}

static void add_time(struct str *out, int64_t ms)
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm;
    char text[32];
    if (localtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm) > 0)
        str_adds(out, text);
}

static void add_rule_words(struct str *out, const char *mistake, const char *guardrail)
{
    if (mistake && mistake[0])
        str_addf(out, "%s\n", mistake);
    str_adds(out, guardrail ? guardrail : "");
}

/* The words before and after, where the decision changed some. */
static void add_change(struct event *e, const struct decision_row *row)
{
    const char *rule = row->rule_guardrail;
    switch (row->d.verb) {
    case VERB_EDIT:
    case VERB_REWORD_RULE: /* the candidate columns hold the words before */
        if (!rule || !row->candidate_guardrail)
            break;
        add_rule_words(&e->before, row->candidate_mistake, row->candidate_guardrail);
        add_rule_words(&e->after, row->rule_mistake, rule);
        e->changed = true;
        break;
    case VERB_ACCEPT:
    case VERB_WRITE:
    case VERB_CITE:
    case VERB_ADD_RULE:
        if (rule)
            str_addf(&e->note, "%s%s%s", row->rule_mistake && row->rule_mistake[0] ? row->rule_mistake : "",
                     row->rule_mistake && row->rule_mistake[0] ? " -> " : "", rule);
        break;
    case VERB_REJECT:
        str_adds(&e->note, row->d.reason ? row->d.reason : "");
        break;
    case VERB_FLAG:
        str_adds(&e->note, row->d.note ? row->d.note : "");
        break;
    default:
        break;
    }
}

static int add_event(void *context, const struct decision_row *row)
{
    struct history_view *v = context;
    v->events = array_reserve(v->events, &v->cap, v->count + 1, sizeof *v->events);
    struct event *e = &v->events[v->count++];
    *e = (struct event){.effective = row->effective};
    add_time(&e->head, row->d.created);
    str_addf(&e->head, "  %s  %s", row->reviewer ? row->reviewer : "?", verb_name(row->d.verb));
    if (row->d.rule)
        str_addf(&e->head, "  rule #%lld", (long long)row->d.rule);
    if (v->rule && row->key)
        str_addf(&e->head, "  %s", row->key);
    if (row->d.verb == VERB_MERGE_RULE)
        str_addf(&e->head, " into #%lld", (long long)row->d.other);
    if (row->d.seconds >= 1)
        str_addf(&e->head, "  %.0f s", row->d.seconds);
    if (!row->effective && row->d.verb != VERB_UNDO && row->d.verb != VERB_REDO)
        str_adds(&e->head, "  (taken back)");
    add_change(e, row);
    return 0;
}

/* Events do not move any more once all are read: now the flows may borrow their texts. */
static void make_flows(struct history_view *v)
{
    for (size_t i = 0; i < v->count; i++) {
        struct event *e = &v->events[i];
        if (e->note.len)
            flow_plain(&e->words, str_slice(&e->note));
        if (!e->changed)
            continue;
        struct diff *d = diff_texts(str_slice(&e->before), str_slice(&e->after), DIFF_READABLE);
        struct flow_diff in = {.a = str_slice(&e->before),
                               .b = str_slice(&e->after),
                               .diff = d,
                               .lights = e->lights,
                               .signs = desk_signs(v->desk),
                               .ascii = desk_ascii(v->desk)};
        flow_unified(&e->flow, &in);
        diff_free(d);
    }
}

static void make_title(struct history_view *v)
{
    struct queue_rows rows = {0};
    str_clear(&v->title);
    if (v->rule)
        str_addf(&v->title, " History of rule #%lld", (long long)v->rule);
    else if (queue_store_row(session_store(desk_session(v->desk)), v->record, &rows, NULL) == 0 && rows.count)
        str_addf(&v->title, " History of %s", rows.items[0].key);
    queue_rows_free(&rows);
}

static int load(struct history_view *v, struct error *err)
{
    struct store *store = session_store(desk_session(v->desk));
    forget(v);
    int result = v->rule ? decision_store_rule_history(store, v->rule, add_event, v, err)
                         : decision_store_history(store, v->record, add_event, v, err);
    make_flows(v);
    make_title(v);
    v->width = 0;
    return result;
}

static void history_free(void *view)
{
    struct history_view *v = view;
    forget(v);
    mem_free(v->events);
    str_free(&v->title);
    mem_free(v);
}

struct history_view *history_view_new(struct desk *d, int64_t record, int64_t rule, struct error *err)
{
    struct history_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->record = record;
    v->rule = rule;
    if (load(v, err) == 0)
        return v;
    history_free(v);
    return NULL;
}

enum { INDENT = 4 };

static void lay_out(struct history_view *v, int width)
{
    if (v->width == width)
        return;
    v->width = width;
    v->total = 0;
    for (size_t i = 0; i < v->count; i++) {
        struct event *e = &v->events[i];
        unsigned room = width > INDENT + 8 ? (unsigned)(width - INDENT - 1) : 8;
        e->note_rows = 0;
        if (e->note.len) {
            flow_layout(&e->words, room, true);
            e->note_rows = flow_count(&e->words);
        }
        e->rows = 1 + e->note_rows;
        if (e->changed) {
            flow_layout(&e->flow, room, true);
            e->rows += flow_count(&e->flow);
        }
        v->total += e->rows;
    }
}

static void scroll(struct history_view *v, long by)
{
    v->top = listing_move(v->top, by, (long)v->total - v->page);
}

static bool command(void *view, const char *name)
{
    struct history_view *v = view;
    long by;
    if (!listing_motion(name, v->page, &by))
        return false;
    scroll(v, by);
    return true;
}

/* Row `at` of one event. */
static void paint_event_row(struct event *e, const struct paint *p, int row, size_t at)
{
    if (at == 0) {
        paint_text(p, row, 1, p->cols - 1, str_slice(&e->head), e->effective ? LOOK_TEXT : LOOK_DIM);
        return;
    }
    bool note = at <= e->note_rows;
    const struct flow_spot spot = {.row = row, .col = INDENT, .cols = p->cols > INDENT + 1 ? p->cols - INDENT - 1 : 1,
                                   .plain = LOOK_DIM, .hunk = -1};
    flow_paint_row(note ? &e->words : &e->flow, at - 1 - (note ? 0 : e->note_rows), p, &spot);
}

static void paint(void *view, const struct paint *p)
{
    struct history_view *v = view;
    lay_out(v, p->cols);
    v->page = p->rows - 1;
    scroll(v, 0);
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    paint_text(p, 0, 0, p->cols, str_slice(&v->title), LOOK_TITLE);
    for (int row = 1; row < p->rows; row++)
        paint_fill(p, row, 0, p->cols, " ", LOOK_TEXT);
    if (v->count == 0)
        paint_z(p, 2, 2, p->cols - 2, "Nobody has decided anything here yet.", LOOK_DIM);
    size_t seen = 0;
    for (size_t i = 0; i < v->count; i++) {
        for (size_t at = 0; at < v->events[i].rows; at++, seen++)
            if (seen >= v->top && seen < v->top + (size_t)v->page)
                paint_event_row(&v->events[i], p, 1 + (int)(seen - v->top), at);
    }
}

static void refresh(void *view)
{
    struct history_view *v = view;
    struct error err = {0};
    if (load(v, &err) != 0)
        desk_fault(v->desk, &err);
}

static const char *hints(void *view)
{
    (void)view;
    return "j/k move  q back  ? help";
}

const struct view_ops history_view_ops = {
    .mode = "history",
    .free = history_free,
    .command = command,
    .paint = paint,
    .refresh = refresh,
    .hints = hints,
};
