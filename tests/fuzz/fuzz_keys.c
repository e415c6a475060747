/*
 * Any bytes from a terminal into the workbench: decoded as at a tty, painted in windows of any size. Nothing may
 * crash, no cell may hold a control, and what is pasted while nothing is typed into may decide nothing.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/utf8.h"
#include "db/record_store.h"
#include "db/store.h"
#include "tests/support/tmp.h"
#include "ui/loop/driver.h"
#include "ui/loop/frame.h"
#include "ui/term/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEYS_MAX = 400 };

static const char *const lines[] = {
    "{\"id\":\"a\",\"task\":\"note\",\"prompt\":\"Doctor: metformin?\",\"y0\":\"Diabetic hypertension.\",\"y_star\":"
    "\"Hypertension.\",\"score\":4,\"score_max\":6,\"rationale\":\"Added 'diabetic'.\",\"rule\":{\"mistake\":\"m\","
    "\"guardrail\":\"g\"}}",
    "{\"id\":\"b\\u001b[2J\",\"prompt\":\"\\u202e\\u200b\",\"y0\":\"\\u0301\\u6f22\\u5b57 x\",\"y_star\":\"\\u009b y\"}",
    "{\"id\":\"c\",\"prompt\":\"\",\"y0\":\"one\\ntwo\\nthree\",\"y_star\":\"one\\n2\\nthree\"}",
};

static void put(struct store *store, const char *line)
{
    struct record r = {0};
    enum record_put what;
    int64_t id;
    if (record_parse(&r, slice_of(line), NULL, NULL) != 0 ||
        record_store_put(store, &r, "fuzz", 1, &what, &id, NULL) != 0)
        abort();
    record_free(&r);
}

/* The bytes of a project, made once. */
static struct slice project_bytes(void)
{
    static struct str bytes;
    if (bytes.len)
        return str_slice(&bytes);
    char *dir = tmp_make();
    const char *path = tmp_join(dir, "fuzz.db");
    struct store *store = store_open(path, STORE_CREATE, NULL);
    if (!store)
        abort();
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        put(store, lines[i]);
    store_close(store);
    if (file_read(path, 64 << 20, &bytes, NULL) != 0)
        abort();
    tmp_remove(dir);
    return str_slice(&bytes);
}

/* A fresh project for each input, so that a crash can be made to happen again. */
static struct session *make_project(const char *dir)
{
    struct slice bytes = project_bytes();
    const char *path = tmp_join(dir, "fuzz.db");
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes.at, 1, bytes.len, f) != bytes.len || fclose(f) != 0)
        abort();
    struct session *s = session_open(&(struct session_options){.project = path, .reviewer = "fuzz"}, NULL);
    if (!s)
        abort();
    return s;
}

static void put_cells(void *context, int row, int col, struct slice text, int width, enum look look)
{
    (void)width;
    screen_put(context, row, col, text, (uint8_t)look);
}

static void no_cursor(void *context, int row, int col)
{
    (void)context, (void)row, (void)col;
}

static void paint(struct workbench *w, struct screen *s)
{
    struct paint p = {.rows = s->rows, .cols = s->cols, .put = put_cells, .cursor = no_cursor, .context = s};
    screen_clear(s);
    loop_paint(w, &p);
    for (int i = 0; i < s->rows * s->cols; i++) {
        const struct cell *c = &s->cells[i];
        if (!utf8_valid((struct slice){c->text, c->len}) || (c->len && (unsigned char)c->text[0] < 0x20))
            abort();
    }
}

static void give(struct driver *d, struct screen *s, const struct event *e)
{
    struct slice text;
    if (e->kind == EVENT_PASTE)
        driver_paste(d, e->text);
    else
        driver_key(d, e->key, e->text);
    if (workbench_wants_editor(d->workbench, &text))
        workbench_edited(d->workbench, (struct slice){NULL, 0});
    paint(d->workbench, s);
}

static void run(struct session *session, struct slice bytes, struct screen *screen)
{
    struct error err = {0};
    struct keymap *keys = keymap_new(workbench_binding);
    struct workbench_options options = {.keys = keys};
    struct driver d = {.workbench = workbench_new(session, &options, &err), .keys = keys};
    struct input in = {0};
    int64_t now = 1000;
    if (!d.workbench)
        abort();
    int n = 0;
    for (size_t at = 0; at < bytes.len && !workbench_done(d.workbench) && n < KEYS_MAX;) {
        size_t piece = 1 + (unsigned char)bytes.at[at] % 16;
        struct slice part = slice_sub(bytes, at, at + piece);
        input_feed(&in, part.at, part.len, now);
        struct event e;
        while (input_next(&in, now, &e) && !workbench_done(d.workbench) && n++ < KEYS_MAX)
            give(&d, screen, &e);
        now += 40;
        at += piece;
    }
    if (workbench_save(d.workbench, &err) != 0)
        abort();
    input_free(&in);
    workbench_free(d.workbench);
    keymap_free(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 2000)
        return 0;
    struct stat memory;
    if (stat("/dev/shm", &memory) == 0) /* a disk would be waited for at every decision */
        setenv("TMPDIR", "/dev/shm", 1);
    struct screen screen = {0};
    screen_resize(&screen, 1 + data[0] % 60, 1 + data[1]);
    char *dir = tmp_make();
    struct session *s = make_project(dir);
    run(s, (struct slice){(const char *)data + 2, size - 2}, &screen);
    session_close(s);
    tmp_remove(dir);
    screen_free(&screen);
    return 0;
}
