/* One run watched: is it learning, how fast, when is it done, does it fit. */
#include "ui/views/training_watch.h"

#include <string.h>

#include "base/mem.h"
#include "ui/views/listing.h"

enum { LOG_LINES = 40 };

const struct binding run_bindings[] = {
    {"run", "j Down", "down", "the next run"},
    {"run", "k Up", "up", "the previous run"},
    CURVE_BINDINGS("run"),
    {"run", "]", "next-checkpoint", "the next checkpoint"},
    {"run", "[", "previous-checkpoint", "the checkpoint before"},
    {"run", "s", "stop", "stop it with a checkpoint (asks)"},
    {"run", "r", "resume", "let it go on from its last checkpoint"},
    {"run", "b", "branch", "a new run from the chosen checkpoint"},
    {"run", "D", "delete", "delete it with its checkpoints (asks)"},
    {"run", "p", "preview", "its examples as the trainer sees them"},
    {"run", "o", "overlay", "lay the runs of its comparison over it, or none"},
    {"run", "c", "compare", "compare it with another run: settings and curves"},
    {"run", "L", "log", "its log"},
    {"run", "E", "evals", "its evals"},
    {"run", "q Esc", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static void drop_others(struct run_view *v)
{
    for (size_t i = 0; i < v->n_others; i++)
        run_free(&v->others[i]);
    v->n_others = 0;
}

static void run_view_free(void *view)
{
    struct run_view *v = view;
    drop_others(v);
    run_free(&v->run);
    mem_free(v->places);
    evals_free(&v->evals);
    str_free(&v->log);
    curve_shelf_free(&v->shelf);
    run_hand_free(&v->hand);
    mem_free(v);
}

static void load_evals(struct run_view *v)
{
    struct evals fresh = {0};
    const struct eval_filter own = {.kind = EVAL_OUTPUTS, .run_uuid = v->run.uuid};
    if (!v->run.uuid[0] || eval_store_list(session_store(desk_session(v->desk)), &own, &fresh, NULL) != 0) {
        evals_free(&fresh);
        return;
    }
    evals_free(&v->evals);
    v->evals = fresh;
}

static void load_log(struct run_view *v)
{
    str_clear(&v->log);
    (void)run_log_tail(&v->run, LOG_LINES, &v->log, NULL); /* a run without a log says nothing */
}

static int add_other(struct run_view *v, const char *name, struct error *err)
{
    if (v->n_others == RUN_OTHERS)
        return 0;
    if (train_find(training_project(v->desk), name, &v->others[v->n_others], err) != 0)
        return -1;
    v->n_others++;
    return 0;
}

static int show_run(struct run_view *v, const char *name, struct error *err)
{
    struct run fresh = {0};
    if (train_find(training_project(v->desk), name, &fresh, err) != 0)
        return -1;
    run_free(&v->run);
    v->run = fresh;
    v->checkpoint = SIZE_MAX;
    load_evals(v);
    load_log(v);
    return 0;
}

struct run_view *run_view_new(struct desk *d, const char *name, const char *const *others, size_t n_others,
                              struct error *err)
{
    struct run_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->hand.desk = d;
    curve_look_init(&v->look);
    int result = show_run(v, name, err);
    for (size_t i = 0; result == 0 && i < n_others; i++)
        result = add_other(v, others[i], err);
    if (result == 0)
        return v;
    run_view_free(v);
    return NULL;
}

static void refresh(void *view)
{
    struct run_view *v = view;
    if (v->hand.deleted) { /* what is shown is gone */
        desk_close(v->desk);
        return;
    }
    run_refresh(&v->run);
    for (size_t i = 0; i < v->n_others; i++)
        run_refresh(&v->others[i]);
    curve_shelf_update(&v->shelf);
    load_evals(v);
    load_log(v);
}

/* ---- commands ---- */

const struct run_checkpoint *run_view_checkpoint(const struct run_view *v)
{
    size_t n = v->run.n_checkpoints;
    return n ? &v->run.checkpoints[v->checkpoint < n ? v->checkpoint : n - 1] : NULL;
}

static void choose(struct run_view *v, long by)
{
    size_t n = v->run.n_checkpoints, at = v->checkpoint < n ? v->checkpoint : n - 1;
    if (n)
        v->checkpoint = listing_move(at, by, (long)n - 1);
}

/* The run so far down or up in the list. */
static void turn(struct run_view *v, long by)
{
    struct runs all = {0};
    struct error err = {0};
    size_t at = 0;
    int result = train_list(training_project(v->desk), &all, &err);
    while (at < all.count && strcmp(all.items[at].folder, v->run.folder) != 0)
        at++;
    size_t to = listing_move(at, by, (long)all.count - 1);
    if (result == 0 && to != at && to < all.count) {
        drop_others(v);
        result = show_run(v, all.items[to].name, &err);
    }
    if (result != 0)
        desk_fault(v->desk, &err);
    runs_free(&all);
}

static void overlay(struct run_view *v)
{
    struct runs all = {0};
    struct error err = {0};
    if (v->n_others) {
        drop_others(v);
        return;
    }
    int result = train_list(training_project(v->desk), &all, &err);
    for (size_t i = 0; result == 0 && i < all.count; i++) {
        const struct run *r = &all.items[i];
        bool same = strcmp(r->folder, v->run.folder) == 0;
        if (!same && (!v->run.group[0] || strcmp(r->group, v->run.group) == 0))
            result = add_other(v, r->name, &err);
    }
    if (result != 0)
        desk_fault(v->desk, &err);
    else if (!v->n_others)
        desk_say(v->desk, LOOK_WARN, "there is no other run to lay over it");
    runs_free(&all);
}

static void open_compare(struct run_view *v, const char *other)
{
    struct error err = {0};
    struct compare_view *view = compare_view_new(v->desk, v->run.name, other, &err);
    if (view)
        desk_show(v->desk, &compare_view_ops, view);
    else
        desk_fault(v->desk, &err);
}

static bool answer_compare(void *view, struct slice text)
{
    struct run_view *v = view;
    struct str name = {0};
    struct run r = {0};
    struct error err = {0};
    str_add_slice(&name, slice_trim(text));
    bool found = train_find(training_project(v->desk), str_z(&name), &r, &err) == 0;
    if (!found)
        desk_fault(v->desk, &err);
    run_free(&r);
    if (found)
        open_compare(v, str_z(&name));
    str_free(&name);
    return found;
}

static void complete_run(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    struct run_view *v = view;
    struct runs all = {0};
    const char *names[128];
    size_t n = 0;
    if (train_list(training_project(v->desk), &all, NULL) == 0)
        for (size_t i = 0; i < all.count && n < sizeof names / sizeof *names; i++)
            names[n++] = all.items[i].name;
    words_complete(out, names, n, text, cursor);
    runs_free(&all);
}

static void compare(struct run_view *v)
{
    if (v->n_others == 1)
        open_compare(v, v->others[0].name);
    else
        desk_ask(v->desk, &(struct question){.kind = "run", .label = "compare with which run: ",
                                             .answer = answer_compare, .complete = complete_run, .view = v});
}

static bool command(void *view, const char *name)
{
    struct run_view *v = view;
    const struct run_checkpoint *c = run_view_checkpoint(v);
    if (curve_look_command(&v->look, name) || run_act(&v->hand, &v->run, c ? c->step : -1, name))
        return true;
    if (strcmp(name, "down") == 0 || strcmp(name, "up") == 0)
        turn(v, name[0] == 'd' ? 1 : -1);
    else if (strcmp(name, "next-checkpoint") == 0 || strcmp(name, "previous-checkpoint") == 0)
        choose(v, name[0] == 'n' ? 1 : -1);
    else if (strcmp(name, "overlay") == 0)
        overlay(v);
    else if (strcmp(name, "compare") == 0)
        compare(v);
    else
        return false;
    return true;
}

static const char *hints(void *view)
{
    const struct run_view *v = view;
    if (run_state_busy(v->run.state))
        return "s stop  p preview examples  o overlay  c compare  E evals  L log  m metric  +/- zoom  q back "
               " ? help";
    if (v->run.state == RUN_FINISHED)
        return "E evals  b branch  o overlay  c compare  p preview examples  L log  m metric  +/- zoom  q "
               "back  ? help";
    return "r resume  L log  b branch  o overlay  c compare  p preview examples  m metric  q back  ? help";
}

const struct view_ops run_view_ops = {
    .mode = "run",
    .watches = true,
    .free = run_view_free,
    .command = command,
    .paint = run_view_paint,
    .refresh = refresh,
    .hints = hints,
};
