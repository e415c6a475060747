#include "ui/views/jobs.h"

#include <string.h>

#include "app/loop.h"
#include "base/mem.h"
#include "ui/views/listing.h"

enum { JOBS_SHOWN = 500, BAR = 12, DETAIL = 2 };

struct jobs_view {
    struct desk *desk;
    struct jobs jobs;
    struct listing list;
    struct job_hand hand;
};

const struct binding jobs_bindings[] = {
    {"jobs", "j Down", "down", "next job"},
    {"jobs", "k Up", "up", "previous job"},
    {"jobs", "g Home", "first", "newest job"},
    {"jobs", "G End", "last", "oldest job"},
    {"jobs", "Ctrl-d PgDn", "page-down", "a page down"},
    {"jobs", "Ctrl-u PgUp", "page-up", "a page up"},
    {"jobs", "Enter Right", "open", "show the job"},
    {"jobs", "n", "new", "start a job: generate, grade, refine, distill"},
    {"jobs", "c", "cancel", "cancel it (asks)"},
    {"jobs", "r", "resume", "let it go on where it stopped"},
    {"jobs", "y", "retry", "try its failed records again"},
    {"jobs", "f", "faults", "the records that failed, and why"},
    {"jobs", "L", "log", "its log"},
    {"jobs", "p", "prompts", "which prompt earns its keep"},
    {"jobs", "q Esc", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static const struct job *here(const struct jobs_view *v)
{
    return v->jobs.count ? &v->jobs.items[v->list.cursor] : NULL;
}

static int load(struct jobs_view *v, struct error *err)
{
    int64_t at = here(v) ? here(v)->id : 0;
    struct jobs fresh = {0};
    if (job_store_list(session_store(desk_session(v->desk)), JOBS_SHOWN, &fresh, err) != 0) {
        jobs_free(&fresh);
        return -1;
    }
    jobs_free(&v->jobs);
    v->jobs = fresh;
    bool newest = v->list.cursor == 0; /* where the cursor stays when a newer one comes */
    listing_clamp(&v->list, fresh.count);
    for (size_t i = 0; !newest && i < fresh.count; i++)
        if (fresh.items[i].id == at)
            v->list.cursor = i;
    return 0;
}

static void refresh(void *view)
{
    struct jobs_view *v = view;
    struct error err = {0};
    if (load(v, &err) != 0)
        desk_fault(v->desk, &err);
}

static void jobs_view_free(void *view)
{
    struct jobs_view *v = view;
    jobs_free(&v->jobs);
    mem_free(v);
}

struct jobs_view *jobs_view_new(struct desk *d, struct error *err)
{
    struct jobs_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->hand.desk = d;
    if (load(v, err) == 0)
        return v;
    jobs_view_free(v);
    return NULL;
}

static bool command(void *view, const char *name)
{
    static const char *const pages[] = {[JOB_FIGURES] = "open", [JOB_FAULTS] = "faults", [JOB_LOG] = "log"};
    struct jobs_view *v = view;
    const struct job *j = here(v);
    if (listing_command(&v->list, v->jobs.count, name) || job_act(&v->hand, j ? j->id : 0, name))
        return true;
    if (strcmp(name, "new") == 0) {
        desk_open_start(v->desk);
        return true;
    }
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, pages[i]) != 0)
            continue;
        if (j)
            desk_open_job(v->desk, j->id, i);
        return true;
    }
    return false;
}

enum { COL_ID, COL_STEP, COL_STATE, COL_BAR, COL_DONE, COL_FAILED, COL_LEFT, COL_PACE, COL_MONEY, COL_SAID, COLS };
static const struct column columns[COLS] = {
    [COL_ID] = {"job", 3, 4, 0, true},          [COL_STEP] = {"step", 8, 8, 0, false},
    [COL_STATE] = {"state", 9, 9, 0, false},    [COL_BAR] = {"", BAR, BAR, 5, false},
    [COL_DONE] = {"done", 5, 6, 0, true},       [COL_FAILED] = {"failed", 6, 6, 0, true},
    [COL_LEFT] = {"left", 5, 6, 0, true},       [COL_PACE] = {"pace", 16, 20, 6, false},
    [COL_MONEY] = {"money", 10, 11, 7, true},   [COL_SAID] = {"says", 12, 0, 8, false},
};

static void cell_text(const struct job *j, int column, struct str *out, bool ascii)
{
    enum look look;
    char currency[LOOP_CURRENCY];
    switch (column) {
    case COL_ID: add_count(out, j->id); break;
    case COL_STEP: str_adds(out, j->kind); break;
    case COL_STATE: str_adds(out, job_words(j, &look)); break;
    case COL_BAR: job_bar(out, j, BAR, ascii); break;
    case COL_DONE: add_count(out, j->done); break;
    case COL_FAILED: add_count(out, j->failed); break;
    case COL_LEFT: add_count(out, j->left + j->running); break;
    case COL_PACE: loop_pace_text(out, j); break;
    case COL_MONEY:
        if (j->cost > 0)
            loop_money_text(out, j->cost, loop_job_currency(j, currency));
        break;
    default: str_adds(out, j->lost ? "its worker is gone: r lets it go on" : j->said); break;
    }
}

static enum look cell_look(const struct job *j, int column)
{
    enum look state;
    job_words(j, &state);
    if (column == COL_STATE || (column == COL_SAID && j->lost))
        return state;
    if (column == COL_FAILED && j->failed)
        return LOOK_BAD;
    return column == COL_BAR || column == COL_SAID ? LOOK_DIM : LOOK_TEXT;
}

static enum look cell(const void *context, size_t row, int column, bool ascii, struct str *out)
{
    const struct job *j = &((const struct jobs *)context)->items[row];
    cell_text(j, column, out, ascii);
    return cell_look(j, column);
}

/* What has no column in a narrow window: how the job under the cursor goes and what it says. */
static void paint_detail(const struct jobs_view *v, const struct paint *p, int row)
{
    const struct job *j = here(v);
    struct str text = {0};
    char currency[LOOP_CURRENCY];
    paint_fill(p, row, 0, p->cols, " ", LOOK_HEAD);
    paint_fill(p, row + 1, 0, p->cols, " ", LOOK_TEXT);
    if (!j)
        return;
    str_addf(&text, "job %lld", (long long)j->id);
    paint_text(p, row, 1, p->cols - 1, str_slice(&text), LOOK_HEAD);
    str_clear(&text);
    loop_pace_text(&text, j);
    str_addf(&text, "%s", text.len ? "  " : "");
    if (j->cost > 0)
        loop_money_text(&text, j->cost, loop_job_currency(j, currency));
    str_addf(&text, "%s", text.len ? "  " : "");
    cell_text(j, COL_SAID, &text, p->ascii);
    paint_text(p, row + 1, 2, p->cols - 2, str_slice(&text), j->lost ? LOOK_BAD : LOOK_TEXT);
    str_free(&text);
}

static void paint(void *view, const struct paint *p)
{
    struct jobs_view *v = view;
    const struct table table = {.columns = columns, .n_columns = COLS, .cursor_columns = COL_STEP + 1,
                                .count = v->jobs.count, .context = &v->jobs, .cell = cell};
    struct str title = {0};
    int detail = p->rows >= 10 ? DETAIL : 0;
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    str_addf(&title, " Jobs of %s: ", session_project(desk_session(v->desk)));
    add_count(&title, (long long)v->jobs.count);
    paint_text(p, 0, 0, p->cols, str_slice(&title), LOOK_TITLE);
    str_free(&title);
    listing_show(&v->list, p->rows - 2 - detail);
    table_paint(&table, p, 1, &v->list);
    if (v->jobs.count == 0)
        paint_z(p, 3, 2, p->cols - 2, "No jobs yet: n starts one.", LOOK_DIM);
    if (detail)
        paint_detail(v, p, p->rows - detail);
}

static const char *hints(void *view)
{
    const struct jobs_view *v = view;
    const struct job *j = here(v);
    if (j && (j->lost || j->state == JOB_PAUSED || j->state == JOB_FAILED))
        return "r resume  Enter show  f faults  y retry failed  L log  n new  p prompts  q back  ? help";
    return "n new  Enter show  c cancel  f faults  y retry failed  L log  p prompts  q back  ? help";
}

const struct view_ops jobs_view_ops = {
    .mode = "jobs",
    .watches = true,
    .free = jobs_view_free,
    .command = command,
    .paint = paint,
    .refresh = refresh,
    .hints = hints,
};
