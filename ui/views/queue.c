#include "ui/views/queue.h"

#include <string.h>

#include "app/hinge_find.h"
#include "base/mem.h"
#include "ui/views/queue_state.h"

const struct binding queue_bindings[] = {
    {"queue", "j Down", "down", "next record"},
    {"queue", "k Up", "up", "previous record"},
    {"queue", "g Home", "first", "first record"},
    {"queue", "G End", "last", "last record"},
    {"queue", "Ctrl-d PgDn", "page-down", "a page down"},
    {"queue", "Ctrl-u PgUp", "page-up", "a page up"},
    {"queue", "Enter Right", "open", "review the record"},
    {"queue", "Tab", "next-undecided", "next undecided record"},
    {"queue", "a", "accept", "accept the distilled rule"},
    {"queue", "x", "reject", "reject it, with a reason"},
    {"queue", "s", "skip", "skip: comes back under state:skipped"},
    {"queue", "f", "flag", "flag with a note; again: unflag"},
    {"queue", "u", "undo", "take back what you did last"},
    {"queue", "Ctrl-r", "redo", "do again what was taken back"},
    {"queue", "l", "limit", "show only some: state:undecided score<5 \"words\" ..."},
    {"queue", "/", "search", "go to a record with these words"},
    {"queue", "n", "search-next", "next match"},
    {"queue", "N", "search-previous", "previous match"},
    {"queue", "o", "sort", "order by state, score, hinges, ..."},
    {"queue", "t", "tag", "tag and go down"},
    {"queue", ";", "act-tagged", "act on all tagged, one undo"},
    {"queue", "H", "history", "who did what with this record"},
    {"queue", "R", "rules", "the rule library"},
    {"queue", "q", "quit", "leave; nothing is lost"},
    {NULL, NULL, NULL, NULL},
};

static bool open_plan(struct queue_view *v, struct slice limit, enum queue_sort sort, bool descending,
                      struct error *err)
{
    struct session *s = desk_session(v->desk);
    size_t at = 0;
    struct limit_plan *plan = limit_plan_new(s, limit, sort, descending, &at, err);
    if (!plan)
        return false;
    limit_plan_free(v->plan);
    v->plan = plan;
    v->top = 0;
    return record_list_open(&v->list, session_store(s), limit_plan_query(plan), err) == 0;
}

struct slice queue_view_limit_text(const struct queue_view *v)
{
    return limit_plan_text(v->plan);
}

bool queue_view_limit(struct queue_view *v, struct slice limit)
{
    struct error err = {0};
    const struct queue_query *q = limit_plan_query(v->plan);
    int64_t here = queue_view_here(v);
    if (!open_plan(v, limit, q->sort, q->descending, &err)) {
        desk_fault(v->desk, &err);
        return false;
    }
    if (here)
        queue_view_go(v, here);
    return true;
}

struct queue_view *queue_view_new(struct desk *d, struct error *err)
{
    struct queue_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    if (open_plan(v, SLICE(""), SORT_IMPORT, false, err)) {
        queue_load_tags(v);
        return v;
    }
    queue_view_ops.free(v);
    return NULL;
}

static void queue_free(void *view)
{
    struct queue_view *v = view;
    hinge_keep_numbers(desk_session(v->desk), v->counted, v->n_counted, NULL); /* they can be counted again */
    record_list_free(&v->list);
    limit_plan_free(v->plan);
    mem_free(v->tags.items);
    str_free(&v->search);
    mem_free(v);
}

int64_t queue_view_here(const struct queue_view *v)
{
    const struct queue_row *row = record_list_here(&v->list);
    return row ? row->id : 0;
}

void queue_view_go(struct queue_view *v, int64_t record)
{
    struct error err = {0};
    if (record_list_go(&v->list, record, &err) != 0)
        desk_fault(v->desk, &err);
}

int64_t queue_view_next(struct queue_view *v, int64_t after)
{
    struct error err = {0};
    int64_t next = 0, from = after ? after : queue_view_here(v);
    struct store *store = session_store(desk_session(v->desk));
    if (queue_store_next(store, limit_plan_query(v->plan), from, 1u << STATE_UNDECIDED, &next, &err) != 0) {
        desk_fault(v->desk, &err);
        return 0;
    }
    if (next)
        queue_view_go(v, next);
    return next;
}

static void refresh(void *view)
{
    struct queue_view *v = view;
    struct error err = {0};
    if (record_list_refresh(&v->list, &err) != 0)
        desk_fault(v->desk, &err);
}

static bool command(void *view, const char *name)
{
    struct queue_view *v = view;
    return queue_move(v, name) || queue_act(v, name);
}

static const char *hints(void *view)
{
    (void)view;
    return "Enter open  Tab next undecided  a accept  x reject  l limit  / search  t tag  s skip  f flag  o sort  u undo  R rules  H history  ? help";
}

bool queue_counted(const struct queue_view *v, struct queue_row *row)
{
    for (size_t i = 0; row->n_hinges < 0 && i < v->n_counted; i++)
        if (v->counted[i].record == row->id)
            row->n_hinges = v->counted[i].hinges;
    return row->n_hinges >= 0;
}

static void keep_counted(struct queue_view *v)
{
    struct error err = {0};
    if (hinge_keep_numbers(desk_session(v->desk), v->counted, v->n_counted, &err) != 0)
        desk_fault(v->desk, &err);
    v->n_counted = 0;
}

/* Hinges of records on screen that nobody has counted: one a time. They are kept in the store when there are
 * many and at the end: a write may have to wait for another writer, and a key should not. */
static bool count_one(struct queue_view *v)
{
    int rows = desk_rows(v->desk);
    size_t end = v->top + (size_t)(rows > 0 ? rows : 0);
    for (size_t i = v->top; i < v->list.count && i < end; i++) {
        struct queue_row *row = v->list.rows[i];
        if (queue_counted(v, row))
            continue;
        if (v->n_counted == COUNTED_MAX)
            keep_counted(v);
        struct hinge_number *number = &v->counted[v->n_counted];
        struct error err = {0};
        if (hinge_count(desk_session(v->desk), row->id, number, &err) == 0)
            v->n_counted++;
        row->n_hinges = number->hinges;
        return true;
    }
    return false;
}

static bool idle(void *view)
{
    struct queue_view *v = view;
    if (!limit_plan_searching(v->plan))
        return count_one(v);
    struct error err = {0};
    bool grew = false;
    if (limit_plan_step(v->plan, 32, &grew, &err) != 0) {
        desk_fault(v->desk, &err);
        return false;
    }
    if (grew)
        refresh(v);
    return true;
}

void queue_view_save(const struct queue_view *v, struct json *out)
{
    const struct queue_query *q = limit_plan_query(v->plan);
    json_set(out, "limit", json_new_slice(limit_plan_text(v->plan)));
    json_set_int(out, "sort", q->sort);
    json_set_bool(out, "descending", q->descending);
    json_set_int(out, "record", queue_view_here(v));
    json_set_int(out, "top", (int64_t)(v->list.count ? v->list.cursor - v->top : 0));
}

void queue_view_restore(struct queue_view *v, const struct json *saved)
{
    struct error err = {0};
    int64_t sort = 0, record = 0, above = 0;
    json_int(json_get(saved, "sort"), &sort);
    json_int(json_get(saved, "record"), &record);
    json_int(json_get(saved, "top"), &above);
    if (sort < 0 || sort >= QUEUE_SORTS)
        sort = SORT_IMPORT;
    bool descending = json_bool(json_get(saved, "descending"), false);
    open_plan(v, slice_of(json_string(json_get(saved, "limit"), "")), (enum queue_sort)sort, descending, &err);
    if (record)
        queue_view_go(v, record);
    if (above >= 0 && (size_t)above <= v->list.cursor)
        v->top = v->list.cursor - (size_t)above;
}

const struct view_ops queue_view_ops = {
    .mode = "queue",
    .free = queue_free,
    .command = command,
    .paint = queue_paint,
    .refresh = refresh,
    .hints = hints,
    .idle = idle,
};
