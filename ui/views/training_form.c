/* The form that starts a run: its lines, and the page of its settings. */
#include "ui/views/training_form.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/views/columns.h"

const struct binding train_form_bindings[] = {
    {"train", "j Down Tab", "down", "next line"},
    {"train", "k Up", "up", "line before"},
    {"train", "g Home", "first", "first line"},
    {"train", "G End", "last", "the line that starts"},
    {"train", "l Right", "next", "the choice after: method, model, data, device"},
    {"train", "h Left", "previous", "the choice before"},
    {"train", "Enter", "enter", "change this line; on settings: show them; on the last one: start"},
    {"train", "p", "preview", "examples as the trainer sees them: what is trained is lit"},
    {"train", "q Esc", "back", "back, nothing is started"},
    {"train-settings", "j Down Tab", "down", "next setting"},
    {"train-settings", "k Up", "up", "setting before"},
    {"train-settings", "g Home", "first", "first setting"},
    {"train-settings", "G End", "last", "last setting"},
    {"train-settings", "Ctrl-d PgDn", "page-down", "a page down"},
    {"train-settings", "Ctrl-u PgUp", "page-up", "a page up"},
    {"train-settings", "Enter", "enter", "change it; nothing typed: as it was"},
    {"train-settings", "l Right", "next", "the choice after"},
    {"train-settings", "h Left", "previous", "the choice before"},
    {"train-settings", "u", "undo", "as it was"},
    {"train-settings", "q Esc", "back", "back to the form"},
    {NULL, NULL, NULL, NULL},
};

static bool shows(const struct train_form_view *v, enum train_field f)
{
    bool branches = train_form_branches(v), one = train_form_choice(v)->n == 1;
    switch (f) {
    case TRAIN_TOGETHER: return !branches && !one;
    case TRAIN_FILTERS: return !branches && v->snapshot == 0;
    case TRAIN_METHODS:
    case TRAIN_MODEL:
    case TRAIN_DATA:
    case TRAIN_VALID: return !branches;
    case TRAIN_NAME: return one || branches;
    default: return true;
    }
}

int train_form_fields(const struct train_form_view *v, enum train_field fields[TRAIN_FIELDS])
{
    int n = 0;
    for (int i = 0; i < TRAIN_FIELDS; i++)
        if (shows(v, (enum train_field)i))
            fields[n++] = (enum train_field)i;
    return n;
}

static enum train_field field_here(const struct train_form_view *v)
{
    enum train_field fields[TRAIN_FIELDS];
    int n = train_form_fields(v, fields);
    return fields[v->field < n ? v->field : n - 1];
}

static const struct train_setting_row *setting_here(const struct train_form_view *v)
{
    return &train_settings[v->list.cursor];
}

static void train_form_free(void *view)
{
    struct train_form_view *v = view;
    struct str *texts[] = {&v->typed_model, &v->split, &v->since, &v->reviewer, &v->agreement,
                           &v->valid,       &v->place, &v->name,  &v->notes};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        str_free(texts[i]);
    if (train_form_branches(v))
        run_free(&v->parent);
    train_models_free(&v->models);
    json_free(v->snapshots);
    for (size_t i = 0; i < v->n_changes; i++)
        mem_free(v->changes[i].value);
    for (int i = 0; i < TRAIN_METHODS_MAX; i++)
        train_data_free(&v->data[i]);
    mem_free(v);
}

static int load(struct train_form_view *v, const char *from, int64_t step, struct error *err)
{
    const char *project = training_project(v->desk);
    if (!from) {
        v->snapshots = train_snapshots(project, err);
        return v->snapshots ? train_models(project, &v->models, err) : -1;
    }
    if (train_find(project, from, &v->parent, err) != 0) {
        run_free(&v->parent);
        v->parent = (struct run){0};
        return -1;
    }
    const struct run *r = &v->parent;
    for (size_t i = 0; i < 3; i++)
        v->device = strcmp(r->device, train_devices[i]) == 0 ? i : v->device;
    str_adds(&v->place, strcmp(r->place, "local") == 0 ? "" : r->place);
    v->parent_step = step >= 0 || !r->n_checkpoints ? step : r->checkpoints[r->n_checkpoints - 1].step;
    return 0;
}

struct train_form_view *train_form_new(struct desk *d, const char *from, int64_t step, struct error *err)
{
    struct train_form_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    if (load(v, from, step, err) == 0)
        return v;
    train_form_free(v);
    return NULL;
}

static bool idle(void *view)
{
    return train_form_find_out(view);
}

/* ---- choices ---- */

/* Older snapshots are of one method: only those of the method chosen, whose file is still there. */
static bool fits(const struct train_form_view *v, size_t snapshot)
{
    const struct json *old = snapshot ? json_at(v->snapshots, snapshot - 1) : NULL;
    const struct train_choice *c = train_form_choice(v);
    return !old || (c->n == 1 && strcmp(json_string(json_get(old, "method"), ""), c->methods[0]) == 0);
}

static void turn_snapshot(struct train_form_view *v, int by)
{
    size_t n = json_size(v->snapshots) + 1;
    do
        v->snapshot = form_turned(v->snapshot, n, by);
    while (!fits(v, v->snapshot));
}

static void turn(void *view, int by)
{
    struct train_form_view *v = view;
    switch (field_here(v)) {
    case TRAIN_METHODS:
        v->methods = form_turned(v->methods, train_choices_count(), by);
        if (!fits(v, v->snapshot))
            v->snapshot = 0;
        break;
    case TRAIN_MODEL:
        if (v->models.count && !v->typed_model.len)
            v->model = form_turned(v->model, v->models.count, by);
        str_clear(&v->typed_model);
        break;
    case TRAIN_DATA: turn_snapshot(v, by); break;
    case TRAIN_DEVICE: v->device = form_turned(v->device, 3, by); break;
    case TRAIN_TOGETHER: v->together = !v->together; break;
    default: return;
    }
    train_form_stale(v);
}

/* The choices of a setting are written "constant|linear|cosine"; a flag is yes or no. */
static void turn_setting(struct train_form_view *v, int by)
{
    const struct train_setting_row *row = setting_here(v);
    const char *choices = row->arg ? row->arg : "no|yes", *now = train_form_setting(v, row);
    struct slice words[8];
    size_t n = 0, at = 0;
    if (!strchr(choices, '|'))
        return;
    for (const char *word = choices; n < 8; word++) {
        size_t len = strcspn(word, "|");
        words[n] = (struct slice){word, len};
        if (now && slice_is(words[n], now))
            at = n;
        n++;
        word += len;
        if (!*word)
            break;
    }
    train_form_set(v, row, words[form_turned(at, n, by)]);
}

/* ---- what is typed ---- */

static void keep(struct str *out, struct slice text)
{
    str_clear(out);
    str_add_slice(out, slice_trim(text));
}

/* "split:train since:2026-01-01 reviewer:alice agreement:0.8", each at most once. */
static bool take_filters(struct train_form_view *v, struct slice text)
{
    const struct {
        const char *name;
        struct str *out;
    } words[] = {{"split:", &v->split},
                 {"since:", &v->since},
                 {"reviewer:", &v->reviewer},
                 {"agreement:", &v->agreement}};
    for (size_t i = 0; i < 4; i++)
        str_clear(words[i].out);
    for (text = slice_trim(text); text.len;) {
        size_t end = 0, i = 0;
        while (end < text.len && text.at[end] != ' ')
            end++;
        while (i < 4 && !slice_starts(text, words[i].name))
            i++;
        if (i == 4) {
            desk_say(v->desk, LOOK_BAD,
                     "a filter is split:NAME, since:DATE, reviewer:NAME or agreement:SHARE");
            return false;
        }
        keep(words[i].out, slice_sub(text, strlen(words[i].name), end));
        text = slice_trim(slice_sub(text, end, text.len));
    }
    return true;
}

static bool take_processes(struct train_form_view *v, struct slice text)
{
    int n = 0;
    text = slice_trim(text);
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || n > 999) {
            desk_say(v->desk, LOOK_BAD, "needs a whole number from 1 to 9999; nothing: one process");
            return false;
        }
        n = 10 * n + (text.at[i] - '0');
    }
    v->processes = n;
    return true;
}

static bool answer(void *view, struct slice text)
{
    struct train_form_view *v = view;
    switch (field_here(v)) {
    case TRAIN_PROCESSES:
        if (!take_processes(v, text))
            return false;
        break;
    case TRAIN_MODEL: keep(&v->typed_model, text); break;
    case TRAIN_FILTERS:
        if (!take_filters(v, text))
            return false;
        break;
    case TRAIN_VALID: keep(&v->valid, text); break;
    case TRAIN_PLACE: keep(&v->place, text); break;
    case TRAIN_NAME: keep(&v->name, text); break;
    default: keep(&v->notes, text); break;
    }
    train_form_stale(v);
    return true;
}

static bool answer_setting(void *view, struct slice text)
{
    struct train_form_view *v = view;
    train_form_set(v, setting_here(v), slice_trim(text));
    return true;
}

static void ask_setting(struct train_form_view *v)
{
    const struct train_setting_row *row = setting_here(v);
    struct str label = {0};
    if (!row->arg || strchr(row->arg, '|')) {
        turn_setting(v, 1);
        return;
    }
    str_addf(&label, "%s, %s (nothing: as it was): ", row->name, row->help);
    desk_ask(v->desk,
             &(struct question){
                 .kind = "train-setting", .label = str_z(&label), .answer = answer_setting, .view = v});
    str_free(&label);
}

static void ask_field(struct train_form_view *v)
{
    static const struct {
        const char *kind, *label;
    } questions[TRAIN_FIELDS] = {
        [TRAIN_MODEL] = {"train-model", "base model, a folder or a .gguf file: "},
        [TRAIN_FILTERS] = {"train-filters",
                           "only records of (split:NAME since:DATE reviewer:NAME agreement:SHARE): "},
        [TRAIN_VALID] = {"train-valid", "held-out loss on (nothing: the split valid; none; or a file): "},
        [TRAIN_PLACE] = {"train-place", "where (local, ssh:HOST, slurm): "},
        [TRAIN_PROCESSES] = {"train-processes", "processes, joined by MPI (nothing: one): "},
        [TRAIN_NAME] = {"train-name", "name (nothing: METHOD-N): "},
        [TRAIN_NOTES] = {"train-notes", "notes: "},
    };
    enum train_field f = field_here(v);
    desk_ask(v->desk,
             &(struct question){
                 .kind = questions[f].kind, .label = questions[f].label, .answer = answer, .view = v});
}

/* ---- starting ---- */

static int start_runs(struct train_form_view *v, struct train_names *names, struct error *err)
{
    struct train_setting settings[TRAIN_CHANGES];
    struct train_request q = train_form_request(v, settings);
    if (train_form_branches(v))
        return train_branch(q.project, v->parent.name, v->parent_step, &q, names, err);
    if (!q.model)
        return error_set(err, ERR_USAGE, "no base model is chosen: Enter on model takes the path of one");
    return train_start(&q, names, err);
}

static void start(struct train_form_view *v)
{
    struct desk *d = v->desk;
    struct error err = {0};
    struct train_names names = {0};
    struct str said = {0};
    if (session_read_only(desk_session(d))) {
        desk_say(d, LOOK_BAD, "the project is open for reading only: no run can be started");
        return;
    }
    if (v->stage != STAGE_DONE) { /* what it takes is seen before it is started */
        while (train_form_find_out(v))
            ;
        desk_say(d, LOOK_TEXT, "this is what it takes: Enter starts it");
        return;
    }
    if (start_runs(v, &names, &err) != 0) {
        desk_fault(d, &err);
        return;
    }
    for (size_t i = 0; i < names.count; i++)
        str_addf(&said, "%s%s", i ? ", " : "", names.items[i]);
    desk_changed(d);
    desk_close(d); /* v is gone */
    desk_say(d, LOOK_GOOD, "%s %s on its way", str_z(&said), names.count == 1 ? "is" : "are");
    train_names_free(&names);
    str_free(&said);
}

static void preview(struct train_form_view *v)
{
    struct train_setting settings[TRAIN_CHANGES];
    struct train_request q = train_form_request(v, settings);
    struct train_preview p = {0};
    struct error err = {0};
    struct str data = {0};
    const char *method = q.methods[q.n_methods - 1]; /* of a comparison the one with two branches */
    if (train_form_branches(v)) {
        method = v->parent.method;
        q.snapshot = run_path(&v->parent, "data/train.jsonl", &data);
    }
    if (!q.model)
        desk_say(v->desk, LOOK_BAD, "no base model is chosen: its tokens are what the preview shows");
    else if (train_preview(&q, method, PREVIEW_EXAMPLES, &p, &err) != 0)
        desk_fault(v->desk, &err);
    else
        desk_show(v->desk, &preview_view_ops, preview_view_new(v->desk, method, &p));
    str_free(&data);
}

static void enter(void *view)
{
    struct train_form_view *v = view;
    switch (field_here(v)) {
    case TRAIN_METHODS:
    case TRAIN_TOGETHER:
    case TRAIN_DATA:
    case TRAIN_DEVICE: turn(v, 1); break;
    case TRAIN_SETTINGS: v->settings = true; break;
    case TRAIN_START: start(v); break;
    default: ask_field(v); break;
    }
}

static bool settings_command(struct train_form_view *v, const char *name)
{
    if (listing_command(&v->list, train_settings_count(), name))
        return true;
    if (strcmp(name, "enter") == 0)
        ask_setting(v);
    else if (strcmp(name, "next") == 0 || strcmp(name, "previous") == 0)
        turn_setting(v, name[0] == 'n' ? 1 : -1);
    else if (strcmp(name, "undo") == 0)
        train_form_set(v, setting_here(v), SLICE(""));
    else if (strcmp(name, "back") == 0)
        v->settings = false;
    else
        return false;
    return true;
}

static bool command(void *view, const char *name)
{
    static const struct form_acts acts = {turn, enter};
    struct train_form_view *v = view;
    enum train_field fields[TRAIN_FIELDS];
    if (v->settings)
        return settings_command(v, name);
    if (form_command(&v->field, train_form_fields(v, fields), name, &acts, v))
        ;
    else if (strcmp(name, "preview") == 0)
        preview(v);
    else
        return false;
    return true;
}

static const char *mode_now(void *view)
{
    return ((const struct train_form_view *)view)->settings ? "train-settings" : "train";
}

static const char *hints(void *view)
{
    const struct train_form_view *v = view;
    if (v->settings)
        return "j/k move  Enter change  h/l choose  u as it was  q back to the form  ? help";
    if (field_here(v) == TRAIN_START)
        return "Enter start  p preview examples  k up  q back, nothing is started  ? help";
    return "j/k move  h/l choose  Enter change  p preview examples  G to start  q back  ? help";
}

const struct view_ops train_form_ops = {
    .mode = "train",
    .free = train_form_free,
    .command = command,
    .paint = train_form_paint,
    .idle = idle,
    .hints = hints,
    .mode_now = mode_now,
};
