#include <string.h>

#include "app/limit.h"
#include "ui/views/queue_state.h"

static void check(struct queue_view *v, int result, const struct error *err)
{
    if (result != 0)
        desk_fault(v->desk, err);
}

static void step(struct queue_view *v, long steps)
{
    struct error err = {0};
    check(v, record_list_move(&v->list, steps, &err), &err);
}

static void down(struct queue_view *v)
{
    step(v, 1);
}

static void up(struct queue_view *v)
{
    step(v, -1);
}

/* A page turns the list by what is seen less one row, so that the eye keeps its place. */
static long page(const struct queue_view *v)
{
    int rows = desk_rows(v->desk) - 3;
    return rows > 1 ? rows : 1;
}

static void page_down(struct queue_view *v)
{
    step(v, page(v));
    v->top += (size_t)page(v);
}

static void page_up(struct queue_view *v)
{
    step(v, -page(v));
    v->top -= v->top < (size_t)page(v) ? v->top : (size_t)page(v);
}

static void first(struct queue_view *v)
{
    struct error err = {0};
    check(v, record_list_first(&v->list, &err), &err);
}

static void last(struct queue_view *v)
{
    struct error err = {0};
    check(v, record_list_last(&v->list, &err), &err);
}

static void next_undecided(struct queue_view *v)
{
    int64_t here = queue_view_here(v);
    if (queue_view_next(v, 0) == 0)
        desk_say(v->desk, LOOK_GOOD, here ? "nothing undecided is left here" : "the queue is empty");
}

static bool answer_limit(void *view, struct slice text)
{
    struct queue_view *v = view;
    if (!queue_view_limit(v, text))
        return false;
    if (v->list.count == 0 && !limit_plan_searching(v->plan))
        desk_say(v->desk, LOOK_WARN, "no record fits: l changes the limit, an empty one shows all");
    return true;
}

/* The names a project knows, handed on to the completion. */
struct hand_on {
    limit_add_fn *add;
    void *to;
};

static void give_name(void *context, int64_t id, struct slice name, int64_t records)
{
    struct hand_on *h = context;
    (void)id;
    (void)records;
    h->add(h->to, name);
}

static void known_values(void *context, enum limit_field field, limit_add_fn *add, void *to)
{
    struct store *store = session_store(context);
    struct hand_on h = {add, to};
    if (field == LIMIT_TASK)
        store_tasks(store, give_name, &h, NULL);
    else if (field == LIMIT_REVIEWER)
        store_reviewers(store, give_name, &h, NULL);
    else if (field == LIMIT_TAG)
        store_tags(store, give_name, &h, NULL);
}

static void complete_limit(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    struct queue_view *v = view;
    struct limit_source source = {.values = known_values, .context = desk_session(v->desk)};
    limit_complete(out, text, cursor, &source);
}

static void limit(struct queue_view *v)
{
    desk_ask(v->desk, &(struct question){.kind = "limit",
                                         .label = "limit: ",
                                         .initial = limit_plan_text(v->plan),
                                         .answer = answer_limit,
                                         .complete = complete_limit,
                                         .view = v});
}

static const char *const sort_words[QUEUE_SORTS] = {
    [SORT_IMPORT] = "import", [SORT_STATE] = "state", [SORT_SCORE] = "score",     [SORT_HINGES] = "hinges",
    [SORT_KEY] = "id",        [SORT_TASK] = "task",   [SORT_DECIDED] = "decided",
};

static bool answer_sort(void *view, struct slice text)
{
    struct queue_view *v = view;
    text = slice_trim(text);
    bool descending = slice_starts(text, "!");
    struct slice word = slice_sub(text, descending, text.len);
    for (int i = 0; i < QUEUE_SORTS; i++) {
        size_t len = strlen(sort_words[i]);
        if (word.len == 0 || word.len > len || memcmp(sort_words[i], word.at, word.len) != 0)
            continue;
        struct error err = {0};
        limit_plan_sort(v->plan, (enum queue_sort)i, descending);
        check(v, record_list_refresh(&v->list, &err), &err);
        desk_say(v->desk, LOOK_TEXT, "ordered by %s%s", sort_words[i], descending ? ", turned round" : "");
        return true;
    }
    desk_say(v->desk, LOOK_BAD, "an order is import, state, score, hinges, id, task or decided; ! before it turns "
                                "it round");
    return false;
}

static void complete_sort(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    (void)view;
    words_complete(out, sort_words, QUEUE_SORTS, text, cursor);
}

static void sort(struct queue_view *v)
{
    desk_ask(v->desk, &(struct question){.kind = "sort",
                                         .label = "order by (import state score hinges id task decided): ",
                                         .answer = answer_sort,
                                         .complete = complete_sort,
                                         .view = v});
}

/* Goes to the next record, under the limit, whose texts hold the words. */
static void find(struct queue_view *v, bool backward)
{
    if (v->search.len == 0) {
        desk_say(v->desk, LOOK_WARN, "nothing is searched for: / asks for words");
        return;
    }
    const struct queue_query *q = limit_plan_query(v->plan);
    struct queue_term terms[64];
    struct slice words = str_slice(&v->search);
    size_t n = q->n_terms < 63 ? q->n_terms : 63;
    if (n)
        memcpy(terms, q->terms, n * sizeof *terms);
    terms[n] = (struct queue_term){.field = QUEUE_TEXT, .values = &words, .n_values = 1};
    struct queue_query narrowed = {terms, n + 1, q->sort, q->descending};
    struct store *store = session_store(desk_session(v->desk));
    struct queue_rows rows = {0};
    struct error err = {0};
    bool round = false;
    int result = queue_store_window(store, &narrowed, queue_view_here(v), backward, 1, &rows, &err);
    if (result == 0 && rows.count == 0) {
        round = true;
        result = queue_store_window(store, &narrowed, 0, backward, 1, &rows, &err);
    }
    check(v, result, &err);
    if (result == 0 && rows.count) {
        queue_view_go(v, rows.items[0].id);
        if (round)
            desk_say(v->desk, LOOK_TEXT, "went round the %s", backward ? "top" : "end");
    } else if (result == 0) {
        desk_say(v->desk, LOOK_WARN, "no record here holds these words");
    }
    queue_rows_free(&rows);
}

static bool answer_search(void *view, struct slice text)
{
    struct queue_view *v = view;
    str_clear(&v->search);
    str_add_slice(&v->search, slice_trim(text));
    if (v->search.len)
        find(v, false);
    return true;
}

static void search(struct queue_view *v)
{
    desk_ask(v->desk, &(struct question){.kind = "search", .label = "/", .answer = answer_search, .view = v});
}

static void search_next(struct queue_view *v)
{
    find(v, false);
}

static void search_previous(struct queue_view *v)
{
    find(v, true);
}

static void open_here(struct queue_view *v)
{
    int64_t here = queue_view_here(v);
    if (here)
        desk_open_record(v->desk, here);
    else
        desk_say(v->desk, LOOK_WARN, "there is no record to open: l changes the limit");
}

static void history(struct queue_view *v)
{
    int64_t here = queue_view_here(v);
    if (here)
        desk_open_history(v->desk, here, 0);
}

static const struct {
    const char *name;
    void (*run)(struct queue_view *v);
} moves[] = {
    {"down", down},
    {"up", up},
    {"page-down", page_down},
    {"page-up", page_up},
    {"first", first},
    {"last", last},
    {"next-undecided", next_undecided},
    {"limit", limit},
    {"sort", sort},
    {"search", search},
    {"search-next", search_next},
    {"search-previous", search_previous},
    {"open", open_here},
    {"history", history},
};

bool queue_move(struct queue_view *v, const char *name)
{
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        if (strcmp(moves[i].name, name) == 0) {
            moves[i].run(v);
            return true;
        }
    }
    return false;
}
