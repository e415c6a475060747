/* One record of an eval: what the model wrote, beside y* or another model's output. */
#include <string.h>

#include "base/mem.h"
#include "ui/views/answer_state.h"
#include "ui/views/eval_back.h"
#include "ui/views/listing.h"

const struct binding answer_bindings[] = {
    {"answer", "j Down", "down", "a row down"},
    {"answer", "k Up", "up", "a row up"},
    {"answer", "g Home", "first", "to the start"},
    {"answer", "G End", "last", "to the end"},
    {"answer", "Ctrl-d PgDn", "page-down", "a page down"},
    {"answer", "Ctrl-u PgUp", "page-up", "a page up"},
    {"answer", "n", "next-match", "next hinge, or next change where none is lit"},
    {"answer", "N", "previous-match", "the one before"},
    {"answer", "Tab", "next-record", "the next record of the list"},
    {"answer", "Shift-Tab", "previous-record", "the record before"},
    {"answer", "]", "next-round", "compare with: y*, the other eval's output, nothing"},
    {"answer", "[", "previous-round", "the same, the other way round"},
    {"answer", "v", "side-by-side", "side by side, or unified"},
    {"answer", "b", "send-back", "send it back to the experts, as a new record's y0"},
    {"answer", "H", "taught", "the rules and decisions that taught the model this"},
    {"answer", "Enter", "open", "the record in review"},
    {"answer", "q Esc", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

int answer_hunk(const struct answer_view *v)
{
    return v->stop >= 0 && v->stop < (int)v->m.n_stops ? v->m.stops[v->stop] : -1;
}

static void forget(struct answer_view *v)
{
    answer_blocks_clear(v);
    review_model_free(&v->m);
    eval_items_free(&v->item);
    eval_items_free(&v->its);
    evals_free(&v->self);
    evals_free(&v->against);
    v->item = v->its = (struct eval_items){0};
    v->self = v->against = (struct evals){0};
}

static void answer_view_free(void *view)
{
    struct answer_view *v = view;
    forget(v);
    mem_free(v->records);
    mem_free(v);
}

static struct stored_output output_of(const struct eval_item *item, enum output_kind kind)
{
    return (struct stored_output){
        .kind = kind,
        .text = (char *)(item->output ? item->output : ""),
        .has_score = item->has_score,
        .has_score_max = item->has_score,
        .score = item->score,
        .score_max = item->score_max,
        .rationale = (char *)item->rationale,
        .spans = (struct record_span *)item->spans,
        .n_spans = item->n_spans,
        .spread = -1,
    };
}

/* The record as if this output were its y0, so that the review's model compares and lights it. */
static int show(struct answer_view *v, struct error *err)
{
    struct stored_record r = {0};
    struct session *session = desk_session(v->desk);
    const struct eval_item *item = &v->item.items[0];
    if (record_store_load(session_store(session), v->records[v->at], &r, err) != 0)
        return -1;
    const struct stored_output *y_star = stored_y_star(&r);
    v->y_star = y_star ? y_star->text : NULL;
    if (!item->output)
        v->with = WITH_NOTHING;
    if ((v->with == WITH_YSTAR && !v->y_star) || (v->with == WITH_OTHER && !v->its.count))
        v->with = v->y_star ? WITH_YSTAR : v->its.count ? WITH_OTHER : WITH_NOTHING;
    struct stored_output *pair = arena_zalloc(&r.arena, 2, sizeof *pair);
    pair[0] = output_of(v->with == WITH_OTHER ? &v->its.items[0] : item, OUTPUT_Y0);
    if (v->with == WITH_OTHER)
        pair[1] = output_of(item, OUTPUT_Y_STAR);
    else if (v->with == WITH_YSTAR)
        pair[1] = *y_star;
    r.outputs = pair;
    r.n_outputs = v->with == WITH_NOTHING ? 1 : 2;
    r.n_marks = 0; /* made by hand on other texts */
    review_model_open(&v->m, &r, desk_signs(v->desk), desk_ascii(v->desk));
    v->stop = v->m.n_stops ? 0 : -1;
    answer_blocks_fill(v);
    return 0;
}

static int load(struct answer_view *v, struct error *err)
{
    struct store *s = session_store(desk_session(v->desk));
    forget(v);
    v->top = 0;
    v->with = v->chosen;
    if (eval_store_get(s, v->eval, &v->self, err) != 0 ||
        eval_store_item(s, v->eval, v->records[v->at], &v->item, err) != 0)
        return -1;
    if (v->other && eval_store_get(s, v->other, &v->against, err) != 0)
        return -1;
    struct error none = {0}; /* the other eval may lack this record */
    if (v->other && eval_store_item(s, v->other, v->records[v->at], &v->its, &none) != 0) {
        eval_items_free(&v->its);
        v->its = (struct eval_items){0};
    }
    return show(v, err);
}

struct answer_view *answer_view_new(struct desk *d, int64_t eval, int64_t other, const struct answer_list *walk,
                                    struct error *err)
{
    struct answer_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->eval = eval;
    v->other = other;
    v->count = walk->count;
    v->at = walk->at;
    v->records = mem_zalloc(walk->count, sizeof *v->records);
    memcpy(v->records, walk->records, walk->count * sizeof *v->records);
    if (load(v, err) == 0)
        return v;
    answer_view_free(v);
    return NULL;
}

/* --- commands --- */

/* Brings the change under the cursor into sight. */
static void follow(struct answer_view *v)
{
    struct flow_at at;
    int hunk = answer_hunk(v);
    if (hunk < 0)
        return;
    size_t row = 0;
    if (answer_sides(v)) {
        struct flow_sides *s = review_model_sides(&v->m);
        if (flow_find_hunk(&s->left, hunk, &at))
            row = flow_sides_row_of(s, false, at);
        else if (flow_find_hunk(&s->right, hunk, &at))
            row = flow_sides_row_of(s, true, at);
    } else if (flow_find_hunk(&v->m.unified, hunk, &at)) {
        row = flow_row_of(&v->m.unified, at);
    }
    row++; /* the block's head */
    if (row < v->top + 1 || row >= v->top + (size_t)(v->page > 0 ? v->page : 1))
        v->top = row > 2 ? row - 2 : 0;
}

static void walk_stops(struct answer_view *v, int by)
{
    int n = (int)v->m.n_stops;
    if (!n) {
        desk_say(v->desk, LOOK_TEXT, v->with == WITH_NOTHING ? "nothing is compared: ] compares" : "nothing differs");
        return;
    }
    v->stop = ((v->stop < 0 ? (by > 0 ? -1 : 0) : v->stop) + by + n) % n;
    follow(v);
}

static void walk_records(struct answer_view *v, int by)
{
    struct error err = {0};
    size_t to = by > 0 ? v->at + 1 : v->at - 1;
    if (by < 0 ? v->at == 0 : to >= v->count) {
        desk_say(v->desk, LOOK_TEXT, by < 0 ? "this is the first of the list" : "this is the last of the list");
        return;
    }
    struct desk *d = v->desk;
    v->at = to;
    if (load(v, &err) != 0) { /* the eval was deleted meanwhile */
        desk_close(d); /* v is gone */
        desk_fault(d, &err);
    }
}

static bool can(const struct answer_view *v, enum answer_with with)
{
    if (!v->item.items[0].output)
        return with == WITH_NOTHING;
    return with == WITH_YSTAR ? v->y_star != NULL : with == WITH_OTHER ? v->its.count > 0 : true;
}

static void compare(struct answer_view *v, int by)
{
    struct error err = {0};
    int with = v->with;
    do
        with = (with + by + ANSWER_WITHS) % ANSWER_WITHS;
    while (!can(v, (enum answer_with)with));
    v->with = v->chosen = (enum answer_with)with;
    v->top = 0;
    if (show(v, &err) != 0)
        desk_fault(v->desk, &err);
}

static bool command(void *view, const char *name)
{
    struct answer_view *v = view;
    long by;
    if (listing_motion(name, v->page, &by)) {
        v->top = listing_move(v->top, by, (long)v->rows - v->page);
    } else if (strcmp(name, "next-match") == 0 || strcmp(name, "previous-match") == 0) {
        walk_stops(v, name[0] == 'n' ? 1 : -1);
    } else if (strcmp(name, "next-record") == 0 || strcmp(name, "previous-record") == 0) {
        walk_records(v, name[0] == 'n' ? 1 : -1);
    } else if (strcmp(name, "next-round") == 0 || strcmp(name, "previous-round") == 0) {
        compare(v, name[0] == 'n' ? 1 : -1);
    } else if (strcmp(name, "side-by-side") == 0) {
        v->sides = !v->sides;
        v->width = 0;
    } else if (strcmp(name, "send-back") == 0) {
        eval_back_one(v->desk, v->eval, v->records[v->at]);
    } else if (strcmp(name, "taught") == 0) {
        desk_open_taught(v->desk, v->eval, v->records[v->at]);
    } else if (strcmp(name, "open") == 0) {
        desk_open_record(v->desk, v->records[v->at]);
    } else {
        return false;
    }
    return true;
}

/* A large output is shown first and compared when no key waits. */
static bool idle(void *view)
{
    struct answer_view *v = view;
    if (!v->m.waiting)
        return false;
    review_model_compare(&v->m);
    v->stop = v->m.n_stops ? 0 : -1;
    answer_blocks_fill(v);
    return true;
}

static const char *hints(void *view)
{
    const struct answer_view *v = view;
    return v->its.count ? "n change  ] compare with  Tab next  b to experts  H taught by  q back  ? help"
                        : "n change  Tab next  b to experts  H taught by  Enter review  q back  ? help";
}

const struct view_ops answer_view_ops = {
    .mode = "answer",
    .free = answer_view_free,
    .command = command,
    .paint = answer_paint,
    .idle = idle,
    .hints = hints,
};
