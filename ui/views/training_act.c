/* What can be done with a run from any view of runs, and how its figures are said. */
#include <math.h>
#include <string.h>

#include "app/experiment.h"
#include "base/mem.h"
#include "ui/views/columns.h"
#include "ui/views/training.h"

const char *training_project(struct desk *d)
{
    return store_path(session_store(desk_session(d)));
}

enum look run_look(enum run_state s)
{
    static const enum look looks[] = {
        [RUN_WAITING] = LOOK_DIM,    [RUN_STARTING] = LOOK_STRONG, [RUN_RUNNING] = LOOK_STRONG,
        [RUN_STOPPED] = LOOK_WARN,   [RUN_FINISHED] = LOOK_GOOD,   [RUN_FAILED] = LOOK_BAD,
        [RUN_UNREADABLE] = LOOK_BAD,
    };
    return looks[s];
}

void add_duration(struct str *out, double seconds)
{
    if (!(seconds >= 0) || seconds > 1e9)
        str_adds(out, "-");
    else if (seconds < 100)
        str_addf(out, "%.0f s", seconds);
    else if (seconds < 100 * 60)
        str_addf(out, "%.0f min", seconds / 60);
    else if (seconds < 48 * 3600.0)
        str_addf(out, "%d h %d min", (int)(seconds / 3600), (int)(seconds / 60) % 60);
    else
        str_addf(out, "%.1f days", seconds / 86400);
}

void add_bytes(struct str *out, double bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    size_t u = 0;
    while (bytes >= 1000 && u + 1 < sizeof units / sizeof *units) {
        bytes /= 1000;
        u++;
    }
    str_addf(out, u == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", bytes, units[u]);
}

void run_hand_free(struct run_hand *hand)
{
    str_free(&hand->name);
}

static bool may_write(struct desk *d)
{
    if (session_read_only(desk_session(d)))
        desk_say(d, LOOK_BAD, "the project is open for reading only: runs cannot be changed");
    return !session_read_only(desk_session(d));
}

static void report(struct desk *d, int result, const struct error *err, const char *name, const char *done)
{
    if (result < 0)
        desk_fault(d, err);
    else
        desk_say(d, LOOK_GOOD, "%s %s", name, done);
    desk_changed(d);
}

/* Only "yes" does; a letter is enough. */
static bool says_yes(struct slice text)
{
    text = slice_trim(text);
    return text.len && text.len <= 3 && strncmp(text.at, "yes", text.len) == 0;
}

static bool answer_stop(void *view, struct slice text)
{
    struct run_hand *hand = view;
    struct error err = {0};
    const char *name = str_z(&hand->name);
    if (says_yes(text))
        report(hand->desk, train_stop(training_project(hand->desk), name, &err), &err, name,
               "stops after this step, with a checkpoint: r goes on from there");
    else
        desk_say(hand->desk, LOOK_TEXT, "%s goes on", name);
    return true;
}

static bool answer_delete(void *view, struct slice text)
{
    struct run_hand *hand = view;
    struct error err = {0};
    const char *name = str_z(&hand->name);
    if (!says_yes(text)) {
        desk_say(hand->desk, LOOK_TEXT, "%s stays", name);
        return true;
    }
    int result = train_delete(training_project(hand->desk), name, &err);
    hand->deleted = result == 0;
    report(hand->desk, result, &err, name, "is deleted");
    return true;
}

static void ask(struct run_hand *hand, const struct run *r, bool stop)
{
    struct str label = {0};
    if (stop) {
        str_addf(&label, "stop %s? yes or no: ", r->name);
    } else {
        int64_t bytes = 0;
        for (size_t i = 0; i < r->n_checkpoints; i++)
            bytes += r->checkpoints[i].bytes;
        str_addf(&label, "delete %s with %zu checkpoint%s, ", r->name, r->n_checkpoints,
                 r->n_checkpoints == 1 ? "" : "s");
        add_bytes(&label, (double)bytes);
        str_adds(&label, "? yes or no: ");
    }
    desk_ask(hand->desk, &(struct question){.kind = stop ? "stop-run" : "delete-run",
                                            .label = label.at,
                                            .answer = stop ? answer_stop : answer_delete,
                                            .view = hand});
    str_free(&label);
}

static void stop(struct run_hand *hand, const struct run *r)
{
    if (run_state_busy(r->state))
        ask(hand, r, true);
    else
        desk_say(hand->desk, LOOK_WARN, "%s is %s: there is nothing to stop", r->name,
                 run_state_name(r->state));
}

static void drop(struct run_hand *hand, const struct run *r)
{
    if (run_state_busy(r->state))
        desk_say(hand->desk, LOOK_WARN, "%s is %s: s stops it first", r->name, run_state_name(r->state));
    else
        ask(hand, r, false);
}

static void resume(struct run_hand *hand, const struct run *r)
{
    struct error err = {0};
    report(hand->desk, train_resume(training_project(hand->desk), r->name, &err), &err, r->name,
           "goes on from its last checkpoint");
}

static void show_log(struct run_hand *hand, const struct run *r)
{
    struct error err = {0};
    struct run_log_view *view = run_log_view_new(hand->desk, r->name, &err);
    if (view)
        desk_show(hand->desk, &run_log_view_ops, view);
    else
        desk_fault(hand->desk, &err);
}

/* Rendered with the run's own data, model and settings. */
static void preview(struct run_hand *hand, const struct run *r)
{
    struct error err = {0};
    struct str data = {0};
    struct train_preview p = {0};
    const char *methods[] = {r->method};
    const char *most = run_option(r, "max-tokens"), *chat = run_option(r, "chat");
    struct train_setting settings[2];
    size_t n = 0;
    if (most)
        settings[n++] = (struct train_setting){"max-tokens", most};
    if (chat)
        settings[n++] = (struct train_setting){"chat", chat};
    struct train_request q = {.project = training_project(hand->desk),
                              .methods = methods,
                              .n_methods = 1,
                              .model = r->model,
                              .snapshot = run_path(r, "data/train.jsonl", &data),
                              .valid = "none",
                              .settings = settings,
                              .n_settings = n};
    if (train_preview(&q, r->method, PREVIEW_EXAMPLES, &p, &err) != 0)
        desk_fault(hand->desk, &err);
    else
        desk_show(hand->desk, &preview_view_ops, preview_view_new(hand->desk, r->name, &p));
    str_free(&data);
}

static void show_evals(struct run_hand *hand, const struct run *r)
{
    desk_open_evals(hand->desk, r->uuid[0] ? r->uuid : NULL);
}

static void branch(struct run_hand *hand, const struct run *r)
{
    struct error err = {0};
    if (!r->n_checkpoints) {
        desk_say(hand->desk, LOOK_WARN, "%s has no checkpoint yet to begin from", r->name);
        return;
    }
    struct train_form_view *view = train_form_new(hand->desk, r->name, hand->step, &err);
    if (view)
        desk_show(hand->desk, &train_form_ops, view);
    else
        desk_fault(hand->desk, &err);
}

struct act {
    const char *name;
    bool writes;
    void (*run)(struct run_hand *hand, const struct run *r);
};

static const struct act *find_act(const char *command)
{
    static const struct act acts[] = {
        {"stop", true, stop},         {"delete", true, drop},   {"resume", true, resume},
        {"branch", true, branch},     {"log", false, show_log}, {"preview", false, preview},
        {"evals", false, show_evals},
    };
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        if (strcmp(acts[i].name, command) == 0)
            return &acts[i];
    return NULL;
}

bool run_act(struct run_hand *hand, const struct run *r, int64_t step, const char *command)
{
    const struct act *act = find_act(command);
    if (!act || (!r && act->run == show_evals)) /* without a run: all evals, as everywhere */
        return false;
    if (!r || (act->writes && !may_write(hand->desk)))
        return true;
    str_clear(&hand->name);
    str_adds(&hand->name, r->name);
    hand->step = step;
    act->run(hand, r);
    return true;
}

/* ---- the experiment that comes along ---- */

static bool begin_experiment(void *view, struct slice text)
{
    struct desk *d = view;
    struct error err = {0};
    struct str folder = {0};
    char *out = mem_strndup(text.at, text.len);
    struct experiment_request q = {.name = experiments[0].name, .out = out};
    int result = experiment_start(&q, &folder, &err);
    if (result == 0)
        desk_say(d, LOOK_GOOD, "it runs for about half an hour: log.txt and scribe.db in %s", folder.at);
    else
        desk_fault(d, &err);
    mem_free(out);
    str_free(&folder);
    return result == 0;
}

/* Where it may run: beside the project. */
void ask_experiment(struct desk *d)
{
    struct str folder = {0};
    const char *project = training_project(d), *slash = strrchr(project, '/');
    str_add(&folder, project, slash ? (size_t)(slash - project) + 1 : 0);
    str_addf(&folder, "%s-%s", experiments[0].name, experiment_sizes()[0].name);
    desk_ask(d, &(struct question){.kind = "experiment",
                                         .label = "folder of the experiment: ",
                                         .initial = str_slice(&folder),
                                         .answer = begin_experiment,
                                         .view = d});
    str_free(&folder);
}
