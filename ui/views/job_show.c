/* One job on a page: its figures, what failed, its log. */
#include <stdio.h>
#include <string.h>

#include "app/loop.h"
#include "base/json.h"
#include "base/mem.h"
#include "ui/views/jobs.h"
#include "ui/views/page.h"

enum { LOG_TAIL = 64 * 1024, FAULTS_SHOWN = 5000, LABEL = 12, KEY = 20 };

struct job_view {
    struct desk *desk;
    int64_t id;
    enum job_page page;
    struct page lines;
    struct job_hand hand;
    bool lost;
};

const struct binding job_bindings[] = {
    {"job", "j Down", "down", "a line down"},
    {"job", "k Up", "up", "a line up"},
    {"job", "g Home", "first", "to the start"},
    {"job", "G End", "last", "to the end"},
    {"job", "Ctrl-d PgDn", "page-down", "a page down"},
    {"job", "Ctrl-u PgUp", "page-up", "a page up"},
    {"job", "Enter Right", "open", "open the record that failed"},
    {"job", "i", "figures", "its options and figures"},
    {"job", "f", "faults", "the records that failed, and why"},
    {"job", "L", "log", "its log"},
    {"job", "c", "cancel", "cancel it (asks)"},
    {"job", "r", "resume", "let it go on where it stopped"},
    {"job", "y", "retry", "try its failed records again"},
    {"job", "q Esc", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static void add_options(struct job_view *v, const struct job *j)
{
    struct json *options = json_parse(slice_of(j->options), NULL, NULL);
    struct str text = {0};
    for (const struct json *m = json_first(options); m; m = json_next(m)) {
        if (json_type(m) == JSON_STRING)
            str_adds(&text, json_string(m, ""));
        else if (json_type(m) != JSON_NULL)
            json_print(&text, m);
        page_add_str(&v->lines, json_name(m), &text, LOOK_TEXT);
    }
    json_free(options);
    str_free(&text);
}

static void add_records(struct job_view *v, const struct job *j, struct str *text)
{
    job_bar(text, j, 30, desk_ascii(v->desk));
    page_add_str(&v->lines, "", text, LOOK_TEXT);
    add_count(text, j->done);
    str_adds(text, " done, ");
    add_count(text, j->failed);
    str_adds(text, " failed, ");
    add_count(text, j->running);
    str_adds(text, " in hand, ");
    add_count(text, j->left);
    str_adds(text, " left");
    page_add_str(&v->lines, "records", text, j->failed ? LOOK_WARN : LOOK_TEXT);
}

static void add_spent(struct job_view *v, const struct job *j, struct str *text)
{
    char currency[LOOP_CURRENCY];
    loop_pace_text(text, j);
    page_add_str(&v->lines, "pace", text, LOOK_TEXT);
    add_count(text, j->calls);
    str_adds(text, " asked, ");
    add_count(text, j->cached_calls);
    str_adds(text, " answered from the project");
    page_add_str(&v->lines, "calls", text, LOOK_TEXT);
    add_count(text, j->tokens_in);
    str_adds(text, " in, ");
    add_count(text, j->tokens_out);
    str_adds(text, " out");
    page_add_str(&v->lines, "tokens", text, LOOK_TEXT);
    if (j->cost > 0)
        loop_money_text(text, j->cost, loop_job_currency(j, currency));
    page_add_str(&v->lines, "money", text, LOOK_TEXT);
}

static void add_figures(struct job_view *v, const struct job *j)
{
    enum look look;
    struct str text = {0};
    const char *words = job_words(j, &look);
    str_adds(&text, words);
    if (j->lost)
        str_adds(&text, ": its worker is gone; r lets it go on where it stopped");
    page_add_str(&v->lines, "state", &text, look);
    str_adds(&text, j->said);
    page_add_str(&v->lines, "says", &text, LOOK_STRONG);
    add_records(v, j, &text);
    add_spent(v, j, &text);
    str_addf(&text, "%s%s%s", j->who ? j->who : "", j->host && *j->host ? ", on " : "", j->host ? j->host : "");
    page_add_str(&v->lines, "started by", &text, LOOK_DIM);
    page_add(&v->lines, "", SLICE(""), LOOK_TEXT);
    add_options(v, j);
    str_free(&text);
}

static int add_fault(void *context, int64_t record, const char *key, const char *why)
{
    struct job_view *v = context;
    page_add(&v->lines, key, slice_of(why), LOOK_TEXT)->id = record;
    return v->lines.count >= FAULTS_SHOWN;
}

/* The last lines of the log, the first of them whole. A log that is not there yet is empty. */
static int add_log(struct job_view *v, struct error *err)
{
    struct str path = {0};
    if (loop_log_path(store_path(session_store(desk_session(v->desk))), v->id, &path, err) != 0)
        return -1;
    FILE *f = fopen(str_z(&path), "rb");
    str_free(&path);
    if (!f)
        return 0;
    char *buffer = mem_alloc(LOG_TAIL);
    bool cut = fseek(f, -(long)LOG_TAIL, SEEK_END) == 0 && ftell(f) > 0;
    if (!cut)
        rewind(f);
    size_t len = fread(buffer, 1, LOG_TAIL, f), at = 0;
    fclose(f);
    while (cut && at < len && buffer[at++] != '\n')
        ;
    page_add_lines(&v->lines, (struct slice){buffer + at, len - at});
    mem_free(buffer);
    return 0;
}

static int load(struct job_view *v, struct error *err)
{
    struct jobs jobs = {0};
    struct store *s = session_store(desk_session(v->desk));
    bool at_end = v->page == JOB_LOG && page_at_end(&v->lines);
    int result = job_store_get(s, v->id, &jobs, err);
    if (result == 0) {
        page_clear(&v->lines);
        v->lost = jobs.items[0].lost;
        if (v->page == JOB_FIGURES)
            add_figures(v, &jobs.items[0]);
        else
            result = v->page == JOB_LOG ? add_log(v, err) : job_store_faults(s, v->id, add_fault, v, err);
    }
    jobs_free(&jobs);
    page_settle(&v->lines, at_end);
    return result;
}

static void refresh(void *view)
{
    struct job_view *v = view;
    struct error err = {0};
    if (load(v, &err) < 0)
        desk_fault(v->desk, &err);
}

static void job_view_free(void *view)
{
    struct job_view *v = view;
    page_free(&v->lines);
    mem_free(v);
}

struct job_view *job_view_new(struct desk *d, int64_t job, enum job_page page, struct error *err)
{
    struct job_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->hand.desk = d;
    v->id = job;
    v->page = page;
    if (load(v, err) >= 0)
        return v;
    job_view_free(v);
    return NULL;
}

static bool turn_to(struct job_view *v, const char *name)
{
    static const char *const names[] = {[JOB_FIGURES] = "figures", [JOB_FAULTS] = "faults", [JOB_LOG] = "log"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        v->page = (enum job_page)i;
        page_clear(&v->lines);
        v->lines.list.cursor = v->lines.list.top = 0;
        refresh(v);
        return true;
    }
    return false;
}

static bool command(void *view, const char *name)
{
    struct job_view *v = view;
    if (listing_command(&v->lines.list, v->lines.count, name))
        return true;
    if (strcmp(name, "open") == 0) {
        if (v->lines.count && v->lines.lines[v->lines.list.cursor].id)
            desk_open_record(v->desk, v->lines.lines[v->lines.list.cursor].id);
        return true;
    }
    return turn_to(v, name) || job_act(&v->hand, v->id, name);
}

static void paint(void *view, const struct paint *p)
{
    static const char *const names[] = {"", ", what failed", ", log"};
    struct job_view *v = view;
    struct str title = {0};
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    str_addf(&title, " Job %lld%s", (long long)v->id, names[v->page]);
    paint_text(p, 0, 0, p->cols, str_slice(&title), LOOK_TITLE);
    str_free(&title);
    paint_fill(p, 1, 0, p->cols, " ", LOOK_TEXT);
    static const int labels[] = {[JOB_FIGURES] = LABEL, [JOB_FAULTS] = KEY, [JOB_LOG] = 0};
    page_paint(&v->lines, p, 2, labels[v->page], v->page != JOB_FIGURES);
    if (v->lines.count == 0)
        paint_z(p, 2, 2, p->cols - 2, v->page == JOB_LOG ? "Nothing is in its log yet." : "No record failed.", LOOK_DIM);
}

static const char *hints(void *view)
{
    const struct job_view *v = view;
    if (v->page == JOB_FAULTS)
        return "j/k move  Enter the record  y retry failed  i figures  L log  q back  ? help";
    return v->lost ? "r resume  f faults  L log  y retry failed  q back  ? help"
                   : "f faults  L log  i figures  c cancel  r resume  y retry failed  q back  ? help";
}

const struct view_ops job_view_ops = {
    .mode = "job",
    .watches = true,
    .free = job_view_free,
    .command = command,
    .paint = paint,
    .refresh = refresh,
    .hints = hints,
};
