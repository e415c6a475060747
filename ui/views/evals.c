/* The list of evals. */
#include "ui/views/evals.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ui/views/evals_state.h"

const char *const evals_order_words[EVALS_ORDERS] = {"runs", "newest", "score"};

const struct binding evals_bindings[] = {
    {"evals", "j Down", "down", "next eval"},
    {"evals", "k Up", "up", "previous eval"},
    {"evals", "g Home", "first", "first eval"},
    {"evals", "G End", "last", "last eval"},
    {"evals", "Ctrl-d PgDn", "page-down", "a page down"},
    {"evals", "Ctrl-u PgUp", "page-up", "a page up"},
    {"evals", "Enter Right", "open", "its records, the worst first; or the rules it weighed"},
    {"evals", "n", "new", "start an eval"},
    {"evals", "v", "curve", "the learning curve of its run"},
    {"evals", "c", "compare", "compare: c on one eval, then c on the other"},
    {"evals", "l", "limit", "only those with these words: a run, a split, a state"},
    {"evals", "o", "sort", "order by runs, newest, score"},
    {"evals", "s", "stop", "stop it (asks); what it did stays"},
    {"evals", "r", "resume", "let it go on where it stopped"},
    {"evals", "y", "retry", "try its failed records again"},
    {"evals", "L", "log", "the log of its job"},
    {"evals", "x", "delete", "take it out of the project (asks)"},
    {"evals", "Esc", "put-aside", "compare nothing, end the limit"},
    {"evals", "q", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

const struct eval *evals_here(const struct evals_view *v)
{
    return v->count ? v->shown[v->list.cursor] : NULL;
}

/* --- which are shown, and in which order --- */

static bool has_word(const struct eval *e, struct slice word)
{
    struct str text = {0};
    eval_say_name(&text, e);
    str_addf(&text, " %s %s %s %s %s", e->method ? e->method : "", e->split ? e->split : "",
             eval_state_name(e->state), e->base_model ? e->base_model : "",
             e->kind == EVAL_NATS ? "rules" : "");
    bool found = false;
    for (size_t i = 0; !found && i + word.len <= text.len; i++)
        found = memcmp(text.at + i, word.at, word.len) == 0;
    str_free(&text);
    return found;
}

static int by_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* The run's own, and those of the model it began with. */
static bool of_run(const struct evals_view *v, const struct eval *e)
{
    if (e->run_uuid)
        return strcmp(v->run, e->run_uuid) == 0;
    for (size_t i = 0; i < v->all.count; i++) {
        const struct eval *of = &v->all.items[i];
        if (of->run_uuid && strcmp(v->run, of->run_uuid) == 0)
            return by_text(of->base_model, e->base_model) == 0;
    }
    return false;
}

static bool fits(const struct evals_view *v, const struct eval *e)
{
    struct slice text = str_slice(&v->limit);
    if (v->run && !of_run(v, e))
        return false;
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && text.at[end] != ' ')
            end++;
        if (end > at && !has_word(e, slice_sub(text, at, end)))
            return false;
        at = end + 1;
    }
    return true;
}

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

const char *evals_group(const struct eval *e)
{
    return e->run_uuid ? e->run_uuid : eval_model(e);
}

static int compare_in_group(const struct eval *a, const struct eval *b)
{
    int order = by_number(a->kind, b->kind);
    order = order ? order : by_text(a->split, b->split);
    order = order ? order : by_number(a->step, b->step);
    order = order ? order : by_number(a->think, b->think);
    return order ? order : by_number(a->id, b->id);
}

static int compare_time(const void *x, const void *y)
{
    const struct eval *a = *(struct eval *const *)x, *b = *(struct eval *const *)y;
    return by_number(b->id, a->id);
}

static int compare_score(const void *x, const void *y)
{
    const struct eval *a = *(struct eval *const *)x, *b = *(struct eval *const *)y;
    if (!a->n != !b->n)
        return a->n ? -1 : 1;
    return a->mean != b->mean ? (a->mean < b->mean ? 1 : -1) : compare_time(x, y);
}

/* The list comes newest first: a run stands where its newest eval does. */
static void sort_by_run(struct evals_view *v)
{
    for (size_t i = 0; i < v->count;) {
        size_t end = i + 1;
        for (size_t k = end; k < v->count; k++) {
            if (strcmp(evals_group(v->shown[k]), evals_group(v->shown[i])) != 0)
                continue;
            struct eval *e = v->shown[k];
            memmove(v->shown + end + 1, v->shown + end, (k - end) * sizeof *v->shown);
            v->shown[end++] = e;
        }
        for (size_t k = i + 1; k < end; k++) { /* insertion: groups are small */
            struct eval *e = v->shown[k];
            size_t to = k;
            for (; to > i && compare_in_group(v->shown[to - 1], e) > 0; to--)
                v->shown[to] = v->shown[to - 1];
            v->shown[to] = e;
        }
        i = end;
    }
}

static void choose(struct evals_view *v)
{
    mem_free(v->shown);
    v->shown = mem_zalloc(v->all.count + 1, sizeof *v->shown);
    v->count = 0;
    for (size_t i = 0; i < v->all.count; i++)
        if (fits(v, &v->all.items[i]))
            v->shown[v->count++] = &v->all.items[i];
    qsort(v->shown, v->count, sizeof *v->shown, v->order == EVALS_BY_SCORE ? compare_score : compare_time);
    if (v->order == EVALS_BY_RUN)
        sort_by_run(v);
    listing_clamp(&v->list, v->count);
}

static int load(struct evals_view *v, struct error *err)
{
    int64_t at = evals_here(v) ? evals_here(v)->id : 0;
    struct evals fresh = {0};
    const struct eval_filter all = {.any_kind = true};
    if (eval_store_list(session_store(desk_session(v->desk)), &all, &fresh, err) != 0)
        return -1;
    evals_free(&v->all);
    v->all = fresh;
    choose(v);
    for (size_t i = 0; i < v->count; i++)
        if (v->shown[i]->id == at)
            v->list.cursor = i;
    return 0;
}

static void refresh(void *view)
{
    struct evals_view *v = view;
    struct error err = {0};
    if (load(v, &err) != 0)
        desk_fault(v->desk, &err);
}

static void evals_view_free(void *view)
{
    struct evals_view *v = view;
    mem_free(v->shown);
    evals_free(&v->all);
    mem_free(v->run);
    str_free(&v->limit);
    mem_free(v);
}

struct evals_view *evals_view_new(struct desk *d, const char *run, struct error *err)
{
    struct evals_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->hand.desk = d;
    v->run = run ? mem_strdup(run) : NULL;
    if (load(v, err) == 0)
        return v;
    evals_view_free(v);
    return NULL;
}

/* --- commands --- */

static void open_it(struct evals_view *v)
{
    const struct eval *e = evals_here(v);
    if (e && e->kind == EVAL_NATS)
        desk_open_worth(v->desk, e->id);
    else if (e)
        desk_open_eval(v->desk, e->id, 0);
}

static void new_one(struct evals_view *v)
{
    const struct eval *e = evals_here(v);
    desk_open_eval_start(v->desk, e && e->run_name ? e->run_name : NULL);
}

static void curve(struct evals_view *v)
{
    const struct eval *e = evals_here(v);
    if (e && e->run_uuid)
        desk_open_curve(v->desk, e->run_uuid);
    else if (e)
        desk_say(v->desk, LOOK_WARN, "this eval is of no run: there is no learning curve");
}

static void compare(struct evals_view *v)
{
    const struct eval *e = evals_here(v);
    if (!e)
        return;
    if (e->kind == EVAL_NATS) {
        desk_say(v->desk, LOOK_WARN, "this weighs rules: it has no scores to compare");
    } else if (!v->marked) {
        struct str name = {0};
        v->marked = e->id;
        eval_say_name(&name, e);
        desk_say(v->desk, LOOK_WARN, "compare %s with which? c on it; Esc compares nothing", str_z(&name));
        str_free(&name);
    } else {
        int64_t other = v->marked;
        v->marked = 0;
        desk_open_eval(v->desk, e->id, other == e->id ? 0 : other);
    }
}

static bool answer_limit(void *view, struct slice text)
{
    struct evals_view *v = view;
    str_clear(&v->limit);
    str_add_slice(&v->limit, slice_trim(text));
    choose(v);
    return true;
}

static void limit(struct evals_view *v)
{
    desk_ask(v->desk, &(struct question){.kind = "eval-limit",
                                         .label = "only evals with these words: ",
                                         .initial = str_slice(&v->limit),
                                         .answer = answer_limit,
                                         .view = v});
}

static bool answer_sort(void *view, struct slice text)
{
    struct evals_view *v = view;
    text = slice_trim(text);
    for (int i = 0; i < EVALS_ORDERS; i++) {
        if (text.len == 0 || text.len > strlen(evals_order_words[i]) || memcmp(evals_order_words[i], text.at, text.len) != 0)
            continue;
        v->order = (enum evals_order)i;
        choose(v);
        return true;
    }
    desk_say(v->desk, LOOK_BAD, "an order is runs, newest or score");
    return false;
}

static void complete_sort(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    (void)view;
    words_complete(out, evals_order_words, EVALS_ORDERS, text, cursor);
}

static void sort(struct evals_view *v)
{
    desk_ask(v->desk, &(struct question){.kind = "eval-sort",
                                         .label = "order by (runs newest score): ",
                                         .answer = answer_sort,
                                         .complete = complete_sort,
                                         .view = v});
}

static bool answer_delete(void *view, struct slice text)
{
    struct evals_view *v = view;
    struct error err = {0};
    text = slice_trim(text);
    if (!text.len || text.len > 3 || strncmp(text.at, "yes", text.len) != 0) {
        desk_say(v->desk, LOOK_TEXT, "it stays");
    } else if (session_read_only(desk_session(v->desk))) {
        desk_say(v->desk, LOOK_BAD, "the project is open for reading only");
    } else if (eval_store_delete(session_store(desk_session(v->desk)), v->doomed, &err) != 0) {
        desk_fault(v->desk, &err);
    } else {
        desk_changed(v->desk);
        refresh(v);
        desk_say(v->desk, LOOK_GOOD, "the eval is gone; records that went back to the experts stay");
    }
    return true;
}

static void delete_it(struct evals_view *v)
{
    const struct eval *e = evals_here(v);
    struct str label = {0};
    if (!e)
        return;
    v->doomed = e->id;
    str_adds(&label, "delete the eval of ");
    eval_say_name(&label, e);
    int64_t results = e->n + e->failed;
    str_addf(&label, " with %lld results? yes or no: ", (long long)results);
    desk_ask(v->desk, &(struct question){.kind = "delete-eval", .label = str_z(&label), .answer = answer_delete, .view = v});
    str_free(&label);
}

static void put_aside(struct evals_view *v)
{
    if (!v->marked && !v->limit.len && !v->run) {
        desk_close(v->desk);
        return;
    }
    v->marked = 0;
    mem_free(v->run);
    v->run = NULL;
    str_clear(&v->limit);
    choose(v);
}

static bool command(void *view, const char *name)
{
    static const struct {
        const char *name;
        void (*run)(struct evals_view *v);
    } table[] = {
        {"open", open_it}, {"new", new_one}, {"curve", curve},      {"compare", compare},
        {"limit", limit},  {"sort", sort},   {"delete", delete_it}, {"put-aside", put_aside},
    };
    struct evals_view *v = view;
    if (listing_command(&v->list, v->count, name))
        return true;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].name, name) == 0) {
            table[i].run(v);
            return true;
        }
    }
    return eval_act(&v->hand, evals_here(v), name);
}

static const char *hints(void *view)
{
    const struct evals_view *v = view;
    const struct eval *e = evals_here(v);
    if (v->marked)
        return "c compare with this one  Esc compare nothing";
    if (!e)
        return "n new  q back  ? help";
    if (e->state == EVAL_STOPPED)
        return "r resume  y retry failed  L log  Enter records  n new  x delete  q back  ? help";
    return e->state == EVAL_DONE ? "Enter records  n new  v curve  c compare  l limit  o order  q back  ? help"
                                 : "s stop  L log  Enter records  n new  v curve  q back  ? help";
}

const struct view_ops evals_view_ops = {
    .mode = "evals",
    .watches = true,
    .free = evals_view_free,
    .command = command,
    .paint = evals_paint,
    .refresh = refresh,
    .hints = hints,
};
