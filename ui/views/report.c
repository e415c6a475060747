#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/report_files.h"
#include "base/mem.h"
#include "text/visible.h"
#include "ui/views/report_state.h"

const struct binding report_bindings[] = {
    {"report", "l Right Tab", "next-page", "the next figure"},
    {"report", "h Left Shift-Tab", "previous-page", "the figure before"},
    {"report", "1", "page-1", "Figure 1: final scores"},
    {"report", "2", "page-2", "Figure 2: learning curves"},
    {"report", "3", "page-3", "Figure 3: thinking on against off"},
    {"report", "4", "page-4", "Figure 4: examples needed"},
    {"report", "5", "page-5", "paired tests, and notes: what was left out, what to beware of"},
    {"report", "j Down", "down", "a row down in the numbers"},
    {"report", "k Up", "up", "a row up"},
    {"report", "g Home", "first", "the first row"},
    {"report", "G End", "last", "the last row"},
    {"report", "Ctrl-d PgDn", "page-down", "a page down"},
    {"report", "Ctrl-u PgUp", "page-up", "a page up"},
    {"report", "t", "think", "figures 1, 2 and 4 without thinking, or with it"},
    {"report", "o", "gain", "Figure 4: another gain over the base"},
    {"report", "r", "runs", "compare some runs alone, by patterns of their names"},
    {"report", "n", "by-name", "compare methods, or runs of one name without its number"},
    {"report", "x", "log-axis", "Figure 2: examples on a logarithmic axis, or not"},
    {"report", "f", "fit", "Figure 2: the fitted growth curves, or not"},
    {"report", "w", "write", "write figures, numbers and a page to read into a folder"},
    {"report", "q Esc", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static void report_view_free(void *view)
{
    struct report_view *v = view;
    report_sheet_free(&v->sheet);
    report_free(&v->report);
    report_patterns_free(&v->asked, v->patterns);
    str_free(&v->runs);
    mem_free(v);
}

struct report_view *report_view_new(struct desk *d)
{
    struct report_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->page = 1;
    report_request_defaults(&v->asked);
    return v;
}

/* ---- numbers -------------------------------------------------------------------------------------- */

/* The first column never goes; the others from the right. */
static void fit_columns(struct report_view *v)
{
    enum { FIRST_MAX = 16, PAIR_MAX = 22, CELL_MAX = 44 };
    struct report_sheet *s = &v->sheet;
    for (size_t c = 0; c < s->columns; c++) {
        unsigned width = (unsigned)visible_width(slice_of(s->heads[c])), most = c ? CELL_MAX : v->page == REPORT_PAGE_TESTS ? PAIR_MAX : FIRST_MAX;
        for (size_t i = 0; i < s->rows; i++) {
            unsigned w = (unsigned)visible_width(slice_of(s->cells[i * s->columns + c]));
            width = w > width ? w : width;
        }
        width = width < most ? width : most;
        v->columns[c] = (struct column){s->heads[c], width, width, (int)c, false};
    }
}

static void make_sheet(struct report_view *v)
{
    report_sheet_free(&v->sheet);
    report_sheet(&v->sheet, &v->report, v->page);
    fit_columns(v);
    v->list = (struct listing){.page = v->list.page};
}

static void forget(struct report_view *v)
{
    v->ready = v->failed = false;
}

/* The bootstrap takes a moment: it waits until no key is there. */
static bool idle(void *view)
{
    struct report_view *v = view;
    struct report fresh = {0};
    struct error err = {0};
    if (v->ready || v->failed)
        return false;
    if (report_make(session_store(desk_session(v->desk)), &v->asked, &fresh, &err) != 0) {
        report_free(&fresh);
        v->failed = true;
        desk_fault(v->desk, &err);
        return false;
    }
    report_free(&v->report);
    v->report = fresh;
    v->ready = true;
    make_sheet(v);
    return false;
}

/* ---- commands ---------------------------------------------------------------------------------------- */

static void go_to_page(struct report_view *v, int page)
{
    v->page = (page - 1 + REPORT_PAGES) % REPORT_PAGES + 1;
    if (v->ready)
        make_sheet(v);
}

static bool answer_gain(void *view, struct slice text)
{
    struct report_view *v = view;
    char *typed = mem_strndup(text.at, text.len), *end = NULL;
    double percent = strtod(typed, &end);
    bool fine = end != typed && (*end == '\0' || strcmp(end, "%") == 0) && percent > 0 && percent <= 100000;
    mem_free(typed);
    if (!fine) {
        desk_say(v->desk, LOOK_BAD, "a number of per cent, as 25");
        return false;
    }
    v->asked.gain = percent / 100;
    forget(v);
    return true;
}

static void ask_gain(struct report_view *v)
{
    struct str now = {0};
    str_addf(&now, "%g", 100 * v->asked.gain);
    desk_ask(v->desk, &(struct question){.kind = "gain", .label = "Gain over the base in per cent", .initial = str_slice(&now),
                                         .answer = answer_gain, .view = v});
    str_free(&now);
}

static bool answer_runs(void *view, struct slice text)
{
    struct report_view *v = view;
    str_clear(&v->runs);
    str_add_slice(&v->runs, slice_trim(text));
    report_patterns_free(&v->asked, v->patterns);
    report_patterns(&v->asked, str_z(&v->runs), &v->patterns);
    forget(v);
    return true;
}

static void ask_runs(struct report_view *v)
{
    desk_ask(v->desk, &(struct question){.kind = "report-runs", .label = "Runs (rgt-*,sft-1; nothing: all)",
                                         .initial = str_slice(&v->runs), .answer = answer_runs, .view = v});
}

static bool answer_folder(void *view, struct slice text)
{
    struct report_view *v = view;
    struct report_written w = {0};
    struct error err = {0};
    struct slice trimmed = slice_trim(text);
    char *folder = mem_strndup(trimmed.at, trimmed.len);
    bool done = trimmed.len > 0;
    if (!done)
        desk_say(v->desk, LOOK_BAD, "a folder's name");
    else if (report_write(session_store(desk_session(v->desk)), &v->report, folder, &w, &err) != 0) {
        desk_fault(v->desk, &err);
        done = false;
    } else if (w.said.len)
        desk_say(v->desk, LOOK_WARN, "%zu files in %s. %s", w.files, folder, str_z(&w.said));
    else
        desk_say(v->desk, LOOK_GOOD, "%zu files in %s: report.html is the whole", w.files, folder);
    report_written_free(&w);
    mem_free(folder);
    return done;
}

/* "notes.db" is offered "notes-report", beside it. */
static void ask_folder(struct report_view *v)
{
    struct str folder = {0};
    str_adds(&folder, store_path(session_store(desk_session(v->desk))));
    if (folder.len > 3 && strcmp(folder.at + folder.len - 3, ".db") == 0)
        str_cut(&folder, folder.len - 3);
    str_adds(&folder, "-report");
    desk_ask(v->desk, &(struct question){.kind = "report-folder", .label = "write into the folder: ", .initial = str_slice(&folder),
                                         .answer = answer_folder, .view = v});
    str_free(&folder);
}

static void change_think(struct report_view *v)
{
    v->asked.think = v->report.think ? REPORT_THINK_OFF : REPORT_THINK_ON;
    forget(v);
}

static bool command(void *view, const char *name)
{
    struct report_view *v = view;
    if (strcmp(name, "next-page") == 0 || strcmp(name, "previous-page") == 0)
        go_to_page(v, v->page + (*name == 'n' ? 1 : -1));
    else if (strncmp(name, "page-", 5) == 0 && name[5] >= '1' && name[5] < '1' + REPORT_PAGES && !name[6])
        go_to_page(v, name[5] - '0');
    else if (strcmp(name, "log-axis") == 0)
        v->linear = !v->linear;
    else if (strcmp(name, "fit") == 0)
        v->fit = !v->fit;
    else if (strcmp(name, "gain") == 0)
        ask_gain(v);
    else if (strcmp(name, "runs") == 0)
        ask_runs(v);
    else if (strcmp(name, "by-name") == 0) {
        v->asked.by_name = !v->asked.by_name;
        forget(v);
    } else if (strcmp(name, "think") == 0 && v->ready)
        change_think(v);
    else if (strcmp(name, "write") == 0 && v->ready)
        ask_folder(v);
    else
        return listing_command(&v->list, v->ready ? v->sheet.rows : 0, name);
    return true;
}

static void refresh(void *view)
{
    forget(view);
}

static const char *hints(void *view)
{
    const struct report_view *v = view;
    switch (v->page) {
    case 2: return "h/l other figure  j/k numbers  x axis  f fit  t thinking  w write  q back  ? help";
    case 4: return "h/l other figure  j/k numbers  o other gain  t thinking  w write  q back  ? help";
    default: return "h/l other figure  j/k numbers  t thinking  w write to disk  q back  ? help";
    }
}

const struct view_ops report_view_ops = {
    .mode = "report",
    .free = report_view_free,
    .command = command,
    .paint = report_paint,
    .refresh = refresh,
    .hints = hints,
    .idle = idle,
};
