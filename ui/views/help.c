#include "ui/views/help.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "ui/views/listing.h"

struct help_line {
    const char *keys, *command, *help; /* keys NULL: a heading */
};

struct help_view {
    struct desk *desk;
    const char *mode;
    struct help_line *lines;
    size_t count, cap, top;
    int page;
};

const struct binding help_bindings[] = {
    {"help", "j Down", "down", "a line down"},
    {"help", "k Up", "up", "a line up"},
    {"help", "Ctrl-d PgDn", "page-down", "a page down"},
    {"help", "Ctrl-u PgUp", "page-up", "a page up"},
    {"help", "g Home", "first", "to the start"},
    {"help", "G End", "last", "to the end"},
    {"help", "q Esc ? Enter", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static void add(struct help_view *v, const char *keys, const char *command, const char *help)
{
    v->lines = array_reserve(v->lines, &v->cap, v->count + 1, sizeof *v->lines);
    v->lines[v->count++] = (struct help_line){keys, command, help};
}

static void add_mode(struct help_view *v, const char *mode, const char *heading)
{
    const struct binding *b;
    size_t before = v->count;
    add(v, NULL, NULL, heading);
    for (size_t i = 0; (b = desk_binding(v->desk, i)) != NULL; i++)
        if (strcmp(b->mode, mode) == 0 && b->help[0])
            add(v, b->keys, b->command, b->help);
    if (v->count == before + 1)
        v->count = before;
    else
        add(v, NULL, NULL, "");
}

static const struct {
    const char *mode, *heading;
} also[] = {
    {"form", "While writing a rule"},   {"text", "While writing y*"},        {"ask", "While a reason or note is asked"},
    {"mark", "While marking a hinge"},
};

struct help_view *help_view_new(struct desk *d, const char *mode)
{
    struct help_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->mode = mode;
    add_mode(v, mode, "Here");
    add_mode(v, "", "Everywhere");
    if (strcmp(mode, "review") == 0)
        for (size_t i = 0; i < sizeof also / sizeof *also; i++)
            add_mode(v, also[i].mode, also[i].heading);
    add_mode(v, "prompt", "While a line is asked");
    if (strcmp(mode, "queue") == 0) {
        add(v, NULL, NULL, "What a limit (l) may hold; all terms must fit, commas are alternatives, ! turns round");
        for (int f = 0; f < LIMIT_FIELDS; f++)
            add(v, limit_field_help((enum limit_field)f), "", "");
    }
    return v;
}

static void help_free(void *view)
{
    struct help_view *v = view;
    mem_free(v->lines);
    mem_free(v);
}

static void scroll(struct help_view *v, long by)
{
    v->top = listing_move(v->top, by, (long)v->count - v->page);
}

static bool command(void *view, const char *name)
{
    struct help_view *v = view;
    long by;
    if (!listing_motion(name, v->page, &by))
        return false;
    scroll(v, by);
    return true;
}

static void paint_line(const struct paint *p, int row, const struct help_line *line)
{
    paint_fill(p, row, 0, p->cols, " ", LOOK_TEXT);
    if (!line->keys) {
        paint_z(p, row, 1, p->cols - 1, line->help, LOOK_STRONG);
        return;
    }
    int used = paint_z(p, row, 2, p->cols - 2, line->keys, LOOK_KEY);
    int at = used + 4 > 20 ? used + 4 : 20;
    int text = paint_z(p, row, at, p->cols - at, line->help, LOOK_TEXT);
    int name = (int)strlen(line->command);
    if (name && at + text + 2 + name < p->cols)
        paint_z(p, row, p->cols - name - 1, name + 1, line->command, LOOK_DIM);
}

static void paint(void *view, const struct paint *p)
{
    struct help_view *v = view;
    v->page = p->rows - 1;
    scroll(v, 0);
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    struct str title = {0};
    str_addf(&title, " Help for the %s", v->mode);
    paint_text(p, 0, 0, p->cols, str_slice(&title), LOOK_TITLE);
    if (p->cols > 60)
        paint_z(p, 0, p->cols - 25, 25, "commands for : at right", LOOK_TITLE);
    str_free(&title);
    for (int i = 0; i < v->page; i++) {
        size_t at = v->top + (size_t)i;
        if (at < v->count)
            paint_line(p, 1 + i, &v->lines[at]);
        else
            paint_fill(p, 1 + i, 0, p->cols, " ", LOOK_TEXT);
    }
}

static const char *hints(void *view)
{
    (void)view;
    return "j/k move  PgDn page  q back";
}

const struct view_ops help_view_ops = {
    .mode = "help",
    .free = help_free,
    .command = command,
    .paint = paint,
    .hints = hints,
};
