#include <stdlib.h>
#include <string.h>

#include "app/reasons.h"
#include "base/array.h"
#include "text/visible.h"
#include "ui/views/queue_state.h"

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

bool id_set_has(const struct id_set *s, int64_t id)
{
    return s->count && bsearch(&id, s->items, s->count, sizeof *s->items, compare_ids);
}

static void id_set_add(struct id_set *s, int64_t id)
{
    s->items = array_reserve(s->items, &s->cap, s->count + 1, sizeof *s->items);
    size_t at = s->count++;
    for (; at > 0 && s->items[at - 1] > id; at--)
        s->items[at] = s->items[at - 1];
    s->items[at] = id;
}

static void id_set_drop(struct id_set *s, int64_t id)
{
    size_t at = 0;
    while (at < s->count && s->items[at] != id)
        at++;
    if (at == s->count)
        return;
    s->count--;
    memmove(&s->items[at], &s->items[at + 1], (s->count - at) * sizeof *s->items);
}

/* The reviewer's own tag: two experts in one project do not act on each other's choice. */
static const char *my_tag(const struct queue_view *v)
{
    return session_reviewer(desk_session(v->desk));
}

void queue_load_tags(struct queue_view *v)
{
    struct slice name = slice_of(my_tag(v));
    struct queue_term term = {.field = QUEUE_TAG, .values = &name, .n_values = 1};
    struct queue_query q = {.terms = &term, .n_terms = 1, .sort = SORT_IMPORT};
    struct store *store = session_store(desk_session(v->desk));
    v->tags.count = 0;
    int64_t from = 0;
    for (bool more = true; more;) {
        struct queue_rows rows = {0};
        more = queue_store_window(store, &q, from, false, 512, &rows, NULL) == 0 && rows.count == 512;
        for (size_t i = 0; i < rows.count; i++)
            id_set_add(&v->tags, from = rows.items[i].id);
        queue_rows_free(&rows);
    }
}

/* After something was stored: say it, and show the rows as they are now. */
static void stored(struct queue_view *v, int result, struct outcome *out, const struct error *err)
{
    if (result == 0) {
        desk_say(v->desk, LOOK_GOOD, "%s", str_z(&out->said));
        desk_changed(v->desk);
        queue_view_ops.refresh(v);
    } else {
        desk_fault(v->desk, err);
    }
    outcome_free(out);
}

/* A decision on the row under the cursor; the cursor goes on to the next row. */
static void decided(struct queue_view *v, int64_t record, int result, struct outcome *out,
                    const struct error *err)
{
    bool on = result == 0;
    struct str said = {0};
    const struct queue_row *row = record_list_here(&v->list);
    if (on && row && row->id == record)
        str_addf(&said, "%s ", row->key);
    str_add_slice(&said, str_slice(&out->said));
    str_clear(&out->said);
    str_add_slice(&out->said, str_slice(&said));
    stored(v, result, out, err);
    str_free(&said);
    if (on && queue_view_here(v) == record)
        record_list_move(&v->list, 1, NULL);
}

/* A rule is accepted from here only where it can be read whole; else its record is opened. */
static void accept(struct queue_view *v)
{
    struct outcome out = {0};
    struct error err = {0};
    const struct queue_row *row = record_list_here(&v->list);
    int64_t here = queue_view_here(v);
    if (row && visible_width(slice_of(row->headline)) > v->headline_width) {
        desk_open_record(v->desk, here);
        desk_say(v->desk, LOOK_WARN, "the rule did not fit its line: a accepts it here");
    } else if (here) {
        decided(v, here, action_accept(desk_session(v->desk), here, &out, &err), &out, &err);
    }
}

static void skip(struct queue_view *v)
{
    struct outcome out = {0};
    struct error err = {0};
    int64_t here = queue_view_here(v);
    if (here)
        decided(v, here, action_skip(desk_session(v->desk), here, &out, &err), &out, &err);
}

static bool answer_reject(void *view, struct slice text)
{
    struct queue_view *v = view;
    struct outcome out = {0};
    struct error err = {0};
    int64_t here = queue_view_here(v);
    int result = action_reject(desk_session(v->desk), here, text, &out, &err);
    decided(v, here, result, &out, &err);
    return result == 0;
}

static void complete_reason(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    const char *words[16];
    size_t n = 0;
    (void)view;
    for (const struct reason *r = reject_reasons; r->word && n < 16; r++)
        words[n++] = r->word;
    words_complete(out, words, n, text, cursor);
}

static const char reject_label[] = "why (wrong vague broad narrow style grader unsafe dup other): ";

static void reject(struct queue_view *v)
{
    if (queue_view_here(v))
        desk_ask(v->desk, &(struct question){.kind = "reject",
                                             .label = reject_label,
                                             .answer = answer_reject,
                                             .complete = complete_reason,
                                             .view = v});
}

static bool answer_flag(void *view, struct slice text)
{
    struct queue_view *v = view;
    struct outcome out = {0};
    struct error err = {0};
    int64_t here = queue_view_here(v);
    int result = action_flag(desk_session(v->desk), here, text, &out, &err);
    decided(v, here, result, &out, &err);
    return result == 0;
}

static void flag(struct queue_view *v)
{
    const struct queue_row *row = record_list_here(&v->list);
    if (!row)
        return;
    if (row->state != STATE_FLAGGED) {
        desk_ask(v->desk, &(struct question){.kind = "flag", .label = "flag, note: ", .answer = answer_flag, .view = v});
        return;
    }
    struct outcome out = {0};
    struct error err = {0};
    int64_t here = row->id;
    decided(v, here, action_unflag(desk_session(v->desk), here, &out, &err), &out, &err);
}

/* Goes to the record that was undone or redone, so that the eye sees what changed. */
static void show_outcome(struct queue_view *v, int result, struct outcome *out, const struct error *err)
{
    int64_t record = out->record;
    stored(v, result, out, err);
    if (result == 0 && record)
        queue_view_go(v, record);
}

static void undo(struct queue_view *v)
{
    struct outcome out = {0};
    struct error err = {0};
    show_outcome(v, action_undo(desk_session(v->desk), &out, &err), &out, &err);
}

static void redo(struct queue_view *v)
{
    struct outcome out = {0};
    struct error err = {0};
    show_outcome(v, action_redo(desk_session(v->desk), &out, &err), &out, &err);
}

static void tag(struct queue_view *v)
{
    struct error err = {0};
    int64_t here = queue_view_here(v);
    if (!here)
        return;
    bool on = !id_set_has(&v->tags, here);
    enum many what = on ? MANY_TAG : MANY_UNTAG;
    if (action_many(desk_session(v->desk), what, &here, 1, slice_of(my_tag(v)), NULL, &err) != 0) {
        desk_fault(v->desk, &err);
        return;
    }
    if (on)
        id_set_add(&v->tags, here);
    else
        id_set_drop(&v->tags, here);
    record_list_move(&v->list, 1, NULL);
    desk_say(v->desk, LOOK_TEXT, "%zu tagged: ; acts on them, l tag:%s shows them", v->tags.count, my_tag(v));
}

/* Acts on all tagged and, when it worked, unties the tags. */
static bool act_on_tagged(struct queue_view *v, struct slice argument)
{
    struct outcome out = {0};
    struct error err = {0};
    struct session *s = desk_session(v->desk);
    if (v->pending == MANY_UNTAG)
        argument = slice_of(my_tag(v));
    int result = action_many(s, v->pending, v->tags.items, v->tags.count, argument, &out, &err);
    if (result == 0 && v->pending != MANY_UNTAG)
        action_many(s, MANY_UNTAG, v->tags.items, v->tags.count, slice_of(my_tag(v)), NULL, NULL);
    if (result == 0)
        v->tags.count = 0;
    stored(v, result, &out, &err);
    return result == 0;
}

static bool answer_argument(void *view, struct slice text)
{
    return act_on_tagged(view, text);
}

/* What `;` offers, by first letter. */
static const struct {
    const char *word;
    enum many what;
    const char *label; /* asks for an argument; NULL: needs none */
} acts[] = {
    {"accept", MANY_ACCEPT, NULL},        {"reject", MANY_REJECT, reject_label},
    {"skip", MANY_SKIP, NULL},            {"flag", MANY_FLAG, "flag them, note: "},
    {"untag", MANY_UNTAG, NULL},          {"x", MANY_REJECT, reject_label},
};
enum { ACTS = sizeof acts / sizeof *acts };

static bool answer_act(void *view, struct slice text)
{
    struct queue_view *v = view;
    text = slice_trim(text);
    for (size_t i = 0; i < ACTS; i++) {
        size_t len = strlen(acts[i].word);
        if (text.len == 0 || text.len > len || memcmp(acts[i].word, text.at, text.len) != 0)
            continue;
        v->pending = acts[i].what;
        if (!acts[i].label)
            return act_on_tagged(v, SLICE(""));
        desk_ask(v->desk, &(struct question){.kind = "argument",
                                             .label = acts[i].label,
                                             .answer = answer_argument,
                                             .complete = v->pending == MANY_REJECT ? complete_reason : NULL,
                                             .view = v});
        return true;
    }
    desk_say(v->desk, LOOK_BAD, "accept, reject, skip, flag or untag");
    return false;
}

static void complete_act(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    static const char *const words[] = {"accept", "reject", "skip", "flag", "untag"};
    (void)view;
    words_complete(out, words, 5, text, cursor);
}

static void act_tagged(struct queue_view *v)
{
    if (v->tags.count == 0) {
        desk_say(v->desk, LOOK_WARN, "nothing is tagged: t tags the record under the cursor");
        return;
    }
    desk_ask(v->desk, &(struct question){.kind = "act",
                                         .label = "all tagged (accept reject skip flag untag): ",
                                         .answer = answer_act,
                                         .complete = complete_act,
                                         .view = v});
}

static const struct {
    const char *name;
    void (*run)(struct queue_view *v);
} table[] = {
    {"accept", accept}, {"reject", reject}, {"skip", skip}, {"flag", flag},
    {"undo", undo},     {"redo", redo},     {"tag", tag},   {"act-tagged", act_tagged},
};

bool queue_act(struct queue_view *v, const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].name, name) == 0) {
            table[i].run(v);
            return true;
        }
    }
    return false;
}
