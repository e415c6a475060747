/* One eval: what can be done with its records. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/views/eval_back.h"
#include "ui/views/eval_state.h"

const char *const eval_show_words[EVAL_SHOWS] = {"all", "failures", "regressed", "fixed", "same"};
const char *const eval_sort_words[EVAL_SORTS] = {"score", "change", "records"};

const struct binding eval_bindings[] = {
    {"eval", "j Down", "down", "next record"},
    {"eval", "k Up", "up", "previous record"},
    {"eval", "g Home", "first", "first record"},
    {"eval", "G End", "last", "last record"},
    {"eval", "Ctrl-d PgDn", "page-down", "a page down"},
    {"eval", "Ctrl-u PgUp", "page-up", "a page up"},
    {"eval", "Enter Right", "open", "its output, what the grader says, and what differs"},
    {"eval", "l", "limit", "only failures, regressed, fixed, same; or a task's"},
    {"eval", "o", "sort", "order by score, change, records"},
    {"eval", "c", "compare", "choose the eval it is compared with"},
    {"eval", "b", "send-back", "send it back to the experts, as a new record's y0"},
    {"eval", "B", "send-all", "send all listed failures back to the experts (asks)"},
    {"eval", "H", "taught", "the rules and decisions that taught the model this"},
    {"eval", "v", "curve", "the learning curve of its run"},
    {"eval", "s", "stop", "stop it (asks); what it did stays"},
    {"eval", "r", "resume", "let it go on where it stopped"},
    {"eval", "y", "retry", "try its failed records again"},
    {"eval", "L", "log", "the log of its job"},
    {"eval", "Esc", "put-aside", "show all, choose nothing"},
    {"eval", "q", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

void eval_view_broken(struct eval_view *v, int64_t rule)
{
    struct error err = {0};
    if (eval_rows_rule(v, rule, &err) != 0)
        desk_fault(v->desk, &err);
}

static void refresh(void *view)
{
    struct eval_view *v = view;
    struct error err = {0};
    if (eval_rows_load(v, &err) != 0)
        desk_fault(v->desk, &err);
}

static void eval_view_free(void *view)
{
    eval_rows_free(view);
    mem_free(view);
}

struct eval_view *eval_view_new(struct desk *d, int64_t eval, int64_t other, struct error *err)
{
    struct eval_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->hand.desk = d;
    v->id = eval;
    v->other = other;
    struct store *s = session_store(desk_session(d));
    struct evals self = {0};
    int result = eval_store_get(s, eval, &self, err);
    if (result == 0 && !other)
        result = eval_rows_other(s, &self.items[0], &v->other, err);
    evals_free(&self);
    if (result == 0 && eval_rows_load(v, err) == 0)
        return v;
    eval_view_free(v);
    return NULL;
}

/* --- commands --- */

static void open_it(struct eval_view *v)
{
    struct eval_row *row = eval_here(v);
    if (!row)
        return;
    int64_t *records = mem_zalloc(v->count, sizeof *records);
    for (size_t i = 0; i < v->count; i++)
        records[i] = v->rows[v->shown[i]].item->record;
    desk_open_answer(v->desk, v->id, v->other, &(struct answer_list){records, v->count, v->list.cursor});
    mem_free(records);
}

/* The word among words that text begins, or -1. */
static int word_of(const char *const *words, int n, struct slice text)
{
    for (int i = 0; i < n; i++)
        if (text.len && text.len <= strlen(words[i]) && memcmp(words[i], text.at, text.len) == 0)
            return i;
    return -1;
}

static bool has_task(const struct eval_view *v, const char *task)
{
    for (size_t i = 0; i < v->items.count; i++)
        if (v->items.items[i].task && strcmp(v->items.items[i].task, task) == 0)
            return true;
    return false;
}

static bool answer_limit(void *view, struct slice text)
{
    struct eval_view *v = view;
    struct str word = {0};
    text = slice_trim(text);
    int shows = text.len ? word_of(eval_show_words, EVAL_SHOWS, text) : SHOW_ALL;
    str_add_slice(&word, text);
    bool task = shows < 0 && has_task(v, str_z(&word));
    if (shows < 0 && !task)
        desk_say(v->desk, LOOK_BAD, "a limit is all, failures, regressed, fixed, same, or a task: Tab lists them");
    if (shows == SHOW_ALL)
        eval_view_broken(v, 0);
    if (task || shows == SHOW_ALL) {
        mem_free(v->task);
        v->task = task ? mem_strdup(str_z(&word)) : NULL;
    }
    if (shows >= 0)
        v->shows = (enum eval_shows)shows;
    if (shows == SHOW_REGRESSED || shows == SHOW_FIXED)
        v->sort = SORT_DELTA;
    str_free(&word);
    eval_rows_choose(v);
    return shows >= 0 || task;
}

static void complete_limit(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    enum { TASKS = 24 };
    struct eval_view *v = view;
    const char *words[EVAL_SHOWS + TASKS];
    size_t n = 0;
    for (; n < EVAL_SHOWS; n++)
        words[n] = eval_show_words[n];
    for (size_t i = 0; i < v->items.count && n < EVAL_SHOWS + TASKS; i++) {
        const char *task = v->items.items[i].task;
        size_t k = EVAL_SHOWS;
        while (task && k < n && strcmp(words[k], task) != 0)
            k++;
        if (task && k == n)
            words[n++] = task;
    }
    words_complete(out, words, n, text, cursor);
}

static void limit(struct eval_view *v)
{
    desk_ask(v->desk, &(struct question){.kind = "eval-show",
                                         .label = "show (all failures regressed fixed same, a task): ",
                                         .answer = answer_limit,
                                         .complete = complete_limit,
                                         .view = v});
}

static bool answer_sort(void *view, struct slice text)
{
    struct eval_view *v = view;
    int sort = word_of(eval_sort_words, EVAL_SORTS, slice_trim(text));
    if (sort < 0) {
        desk_say(v->desk, LOOK_BAD, "an order is score, change or records");
        return false;
    }
    v->sort = (enum eval_sorts)sort;
    eval_rows_choose(v);
    return true;
}

static void complete_sort(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    (void)view;
    words_complete(out, eval_sort_words, EVAL_SORTS, text, cursor);
}

static void sort(struct eval_view *v)
{
    desk_ask(v->desk, &(struct question){.kind = "eval-order",
                                         .label = "order by (score change records): ",
                                         .answer = answer_sort,
                                         .complete = complete_sort,
                                         .view = v});
}

static void send_back(struct eval_view *v)
{
    const struct eval_row *row = eval_here(v);
    if (!row)
        return;
    int64_t record = row->item->record;
    if (eval_back_one(v->desk, v->id, record))
        refresh(v);
}

static bool answer_send(void *view, struct slice text)
{
    struct eval_view *v = view;
    text = slice_trim(text);
    if (!text.len || text.len > 3 || strncmp(text.at, "yes", text.len) != 0) {
        desk_say(v->desk, LOOK_TEXT, "nothing was sent");
        return true;
    }
    int64_t *records = mem_zalloc(v->count + 1, sizeof *records);
    size_t n = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct eval_item *item = v->rows[v->shown[i]].item;
        if (item->has_score && item->normalised < 1)
            records[n++] = item->record;
    }
    if (eval_back_many(v->desk, v->id, records, n))
        refresh(v);
    mem_free(records);
    return true;
}

static void send_all(struct eval_view *v)
{
    char label[120];
    size_t n = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct eval_item *item = v->rows[v->shown[i]].item;
        n += item->has_score && item->normalised < 1;
    }
    if (!n) {
        desk_say(v->desk, LOOK_WARN, "none of the records listed is below the top score");
        return;
    }
    snprintf(label, sizeof label, "send %zu failure%s back to the experts? yes or no: ", n, n == 1 ? "" : "s");
    desk_ask(v->desk, &(struct question){.kind = "send-back", .label = label, .answer = answer_send, .view = v});
}

static void taught(struct eval_view *v)
{
    const struct eval_row *row = eval_here(v);
    if (row)
        desk_open_taught(v->desk, v->id, row->item->record);
}

static void curve(struct eval_view *v)
{
    const char *run = eval_self(v)->run_uuid;
    if (run)
        desk_open_curve(v->desk, run);
    else
        desk_say(v->desk, LOOK_WARN, "this eval is of no run: there is no learning curve");
}

/* --- choosing the other --- */

static void compare(struct eval_view *v)
{
    const struct eval_filter all = {.kind = EVAL_OUTPUTS};
    struct error err = {0};
    struct evals list = {0};
    if (eval_store_list(session_store(desk_session(v->desk)), &all, &list, &err) != 0) {
        desk_fault(v->desk, &err);
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].id != v->id && list.items[i].n > 0)
            list.items[n++] = list.items[i];
    list.count = n;
    evals_free(&v->others);
    v->others = list;
    v->pick = (struct listing){0};
    for (size_t i = 0; i < n; i++)
        if (list.items[i].id == v->other)
            v->pick.cursor = i + 1;
    v->picking = true;
}

static bool pick_command(struct eval_view *v, const char *name)
{
    if (listing_command(&v->pick, v->others.count + 1, name))
        return true;
    if (strcmp(name, "open") == 0) {
        v->other = v->pick.cursor ? v->others.items[v->pick.cursor - 1].id : 0;
        if (!v->other && (v->shows == SHOW_REGRESSED || v->shows == SHOW_FIXED || v->shows == SHOW_SAME))
            v->shows = SHOW_ALL;
        v->picking = false;
        refresh(v);
        return true;
    }
    bool leaves = strcmp(name, "put-aside") == 0 || strcmp(name, "back") == 0 || strcmp(name, "compare") == 0;
    if (leaves)
        v->picking = false;
    return leaves;
}

static void put_aside(struct eval_view *v)
{
    if (v->shows == SHOW_ALL && !v->task && !v->rule) {
        desk_close(v->desk);
        return;
    }
    v->shows = SHOW_ALL;
    v->sort = SORT_WORST;
    mem_free(v->task);
    v->task = NULL;
    eval_view_broken(v, 0);
}

static bool command(void *view, const char *name)
{
    static const struct {
        const char *name;
        void (*run)(struct eval_view *v);
    } table[] = {
        {"open", open_it},      {"limit", limit},       {"sort", sort},     {"compare", compare},
        {"send-back", send_back}, {"send-all", send_all}, {"taught", taught}, {"curve", curve},
        {"put-aside", put_aside},
    };
    struct eval_view *v = view;
    if (v->picking && pick_command(v, name))
        return true;
    if (listing_command(&v->list, v->count, name))
        return true;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].name, name) == 0) {
            table[i].run(v);
            return true;
        }
    }
    return eval_act(&v->hand, eval_self(v), name);
}

static const char *hints(void *view)
{
    const struct eval_view *v = view;
    if (v->picking)
        return "j/k move  Enter compare with it  Esc keep what it was";
    if (eval_self(v)->state == EVAL_STOPPED)
        return "r resume  y retry failed  L log  Enter output  l limit  q back  ? help";
    return v->other ? "Enter output  l limit  c other eval  b to experts  H taught by  o order  q back  ? help"
                    : "Enter output  l limit  c compare  b to experts  H taught by  v curve  q back  ? help";
}

const struct view_ops eval_view_ops = {
    .mode = "eval",
    .watches = true,
    .free = eval_view_free,
    .command = command,
    .paint = eval_paint,
    .refresh = refresh,
    .hints = hints,
};
