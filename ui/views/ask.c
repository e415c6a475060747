#include "ui/views/ask.h"

#include <string.h>

#include "base/mem.h"
#include "text/visible.h"

const struct binding ask_bindings[] = {
    {"prompt", "Enter", "enter", "done"},
    {"prompt", "Esc Ctrl-g", "put-aside", "leave it: Up brings it back"},
    {"prompt", "Tab", "complete", "complete the word"},
    {"prompt", "Up Ctrl-p", "older", "what was typed before"},
    {"prompt", "Down Ctrl-n", "newer", "what was typed after"},
    {"prompt", "Left Ctrl-b", "left", "a character left"},
    {"prompt", "Right Ctrl-f", "right", "a character right"},
    {"prompt", "Ctrl-Left Alt-b", "word-left", "a word left"},
    {"prompt", "Ctrl-Right Alt-f", "word-right", "a word right"},
    {"prompt", "Home Ctrl-a", "line-start", "start of the line"},
    {"prompt", "End Ctrl-e", "line-end", "end of the line"},
    {"prompt", "Alt-<", "start", "start of the text"},
    {"prompt", "Alt->", "finish", "end of the text"},
    {"prompt", "Backspace", "delete-left", "delete the character before"},
    {"prompt", "Delete Ctrl-d", "delete-right", "delete the character under the cursor"},
    {"prompt", "Ctrl-k", "kill-end", "cut to the end of the line"},
    {"prompt", "Ctrl-u", "kill-start", "cut to its start"},
    {"prompt", "Ctrl-w Alt-Backspace", "kill-word-left", "cut the word before"},
    {"prompt", "Alt-d", "kill-word-right", "cut the word after"},
    {"prompt", "Ctrl-y", "yank", "put back what was cut"},
    {"prompt", "Ctrl-_", "undo-typing", "take back what was typed last"},
    {NULL, NULL, NULL, NULL},
};

void ask_free(struct ask *a)
{
    ask_close(a);
    editor_free(&a->editor);
    str_free(&a->label);
    for (size_t i = 0; i < a->n_lines; i++) {
        mem_free(a->lines[i].kind);
        mem_free(a->lines[i].text);
    }
    a->n_lines = 0;
}

static void forget_choices(struct ask *a)
{
    limit_choices_free(&a->choices);
    a->choosing = false;
}

void ask_set(struct ask *a, struct slice text)
{
    editor_set(&a->editor, text, text.len);
    forget_choices(a);
}

void ask_open(struct ask *a, const struct question *q)
{
    struct str initial = {0}; /* may be borrowed from what the last question held */
    str_add_slice(&initial, q->initial);
    a->q = *q;
    a->q.initial = (struct slice){0};
    str_clear(&a->label);
    str_adds(&a->label, q->label);
    a->open = true;
    a->recalled = a->n_lines;
    ask_set(a, str_slice(&initial));
    str_free(&initial);
}

void ask_close(struct ask *a)
{
    a->open = false;
    forget_choices(a);
}

/* Keeps a line, once, as the newest. */
static void keep(struct ask *a, const char *kind, struct slice text)
{
    if (text.len == 0)
        return;
    size_t at = 0;
    while (at < a->n_lines && !(strcmp(a->lines[at].kind, kind) == 0 && slice_is(text, a->lines[at].text)))
        at++;
    if (at == a->n_lines && a->n_lines == ASK_LINES)
        at = 0;
    if (at < a->n_lines) {
        mem_free(a->lines[at].kind);
        mem_free(a->lines[at].text);
        a->n_lines--;
        memmove(&a->lines[at], &a->lines[at + 1], (a->n_lines - at) * sizeof *a->lines);
    }
    a->lines[a->n_lines++] = (struct ask_line){mem_strdup(kind), mem_strndup(text.at, text.len)};
}

/* The answer may open another question, and may fail: then the line stays open for another try. */
static void enter(struct ask *a)
{
    struct question q = a->q;
    struct str text = {0};
    str_add_slice(&text, str_slice(&a->editor.text));
    keep(a, q.kind, str_slice(&text));
    a->open = false;
    forget_choices(a);
    if (!q.answer(q.view, str_slice(&text)) && !a->open) {
        a->open = true;
        a->recalled = a->n_lines;
    }
    str_free(&text);
}

static void put_aside(struct ask *a)
{
    keep(a, a->q.kind, str_slice(&a->editor.text));
    ask_close(a);
}

static void recall(struct ask *a, bool older)
{
    size_t at = a->recalled;
    while (older ? at > 0 : at < a->n_lines) {
        at = older ? at - 1 : at + 1;
        if (at == a->n_lines) {
            a->recalled = at;
            ask_set(a, SLICE(""));
            return;
        }
        if (strcmp(a->lines[at].kind, a->q.kind) == 0) {
            a->recalled = at;
            ask_set(a, slice_of(a->lines[at].text));
            return;
        }
    }
}

static void older(struct ask *a)
{
    recall(a, true);
}

static void newer(struct ask *a)
{
    recall(a, false);
}

static size_t common_start(const struct limit_choices *c)
{
    size_t len = c->count ? c->items[0].len : 0;
    for (size_t i = 1; i < c->count; i++) {
        size_t same = 0;
        while (same < len && same < c->items[i].len && c->items[i].at[same] == c->items[0].at[same])
            same++;
        len = same;
    }
    return len;
}

static void complete(struct ask *a)
{
    forget_choices(a);
    if (!a->q.complete)
        return;
    a->q.complete(a->q.view, &a->choices, str_slice(&a->editor.text), a->editor.at);
    struct limit_choices *c = &a->choices;
    size_t len = common_start(c);
    if (c->count == 0)
        return;
    struct str text = {0};
    str_add_slice(&text, str_slice(&a->editor.text));
    struct slice with = slice_sub(c->items[0], 0, len);
    if (len > c->to - c->from || c->count == 1) {
        bool open_end = len && strchr(":<=", with.at[len - 1]);
        str_splice(&text, c->from, c->to, with);
        size_t at = c->from + len;
        if (c->count == 1 && !open_end && at == text.len) {
            str_addc(&text, ' ');
            at++;
        }
        editor_set(&a->editor, str_slice(&text), at);
    }
    str_free(&text);
    if (c->count == 1)
        forget_choices(a);
    else
        a->choosing = true;
}

bool ask_command(struct ask *a, const char *name)
{
    static const struct {
        const char *name;
        void (*run)(struct ask *a);
    } table[] = {
        {"enter", enter}, {"put-aside", put_aside}, {"complete", complete}, {"older", older}, {"newer", newer},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].name, name) == 0) {
            table[i].run(a);
            return true;
        }
    }
    bool known = editor_command(&a->editor, name);
    if (known)
        forget_choices(a);
    return known;
}

void ask_type(struct ask *a, struct slice text)
{
    editor_insert(&a->editor, text);
    forget_choices(a);
}

static void paint_choices(const struct ask *a, const struct paint *p, int row)
{
    struct str line = {0};
    for (size_t i = 0; i < a->choices.count; i++)
        str_addf(&line, "%s%.*s", i ? "  " : " ", (int)a->choices.items[i].len, a->choices.items[i].at);
    paint_fill(p, row, 0, p->cols, " ", LOOK_HEAD);
    paint_text(p, row, 0, p->cols, str_slice(&line), LOOK_HEAD);
    str_free(&line);
}

/* The part of the text that is shown: it moves so that the cursor stays in view. */
void ask_paint(struct ask *a, const struct paint *p, int row)
{
    paint_fill(p, row, 0, p->cols, " ", LOOK_FIELD);
    int col = paint_text(p, row, 0, p->cols - 12, str_slice(&a->label), LOOK_KEY);
    int room = p->cols - col - 1;
    struct slice text = str_slice(&a->editor.text);
    size_t from = 0;
    while (from < a->editor.at && (int)visible_width(slice_sub(text, from, a->editor.at)) > room) {
        struct visible step;
        visible_step(&step, text, from);
        from += step.len;
    }
    paint_text(p, row, col, room, slice_sub(text, from, text.len), LOOK_FIELD);
    int at = col + (int)visible_width(slice_sub(text, from, a->editor.at));
    if (p->cursor)
        p->cursor(p->context, row, at < p->cols ? at : p->cols - 1);
    if (a->choosing && row > 0)
        paint_choices(a, p, row - 1);
}
