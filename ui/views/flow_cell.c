#include "ui/views/flow_cell.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Signs for blanks that count, in Unicode and in ASCII. */
static const char *const sign_blank[] = {"·", "_"}, *const sign_tab[] = {"→", ">"},
                         *const sign_end[] = {"↵", "$"}, *const sign_cr[] = {"␍", "^M"};

static void show(struct flow_step *out, const char *text, unsigned width, bool mark)
{
    out->shown = slice_of(text);
    out->width = width;
    out->mark = mark;
}

static void step_tab(const struct flow *f, const struct flow_run *r, unsigned col,
                     struct flow_step *out)
{
    unsigned width = FLOW_TAB - col % FLOW_TAB;
    out->blank = !r->exposed;
    int n = snprintf(out->own, sizeof out->own, "%s%*s",
                     r->exposed ? sign_tab[f->ascii] : " ", (int)width - 1, "");
    out->shown = (struct slice){out->own, (size_t)n};
    out->width = width;
    out->mark = r->exposed;
}

static void step_line_end(const struct flow *f, const struct flow_run *r, struct flow_step *out)
{
    out->ends_line = !r->unbroken;
    if (r->exposed)
        show(out, sign_end[f->ascii], 1, true);
}

/* A carriage return before a line end goes with it silently where nothing was changed about it. */
static bool step_return(const struct flow *f, const struct flow_run *r, uint32_t off,
                        struct flow_step *out)
{
    struct slice text = f->texts[r->text];
    if (!r->exposed && off + 1 < text.len && text.at[off + 1] == '\n')
        return true; /* nothing shown */
    show(out, sign_cr[f->ascii], f->ascii ? 2 : 1, true);
    return true;
}

static bool step_blank(const struct flow *f, const struct flow_run *r, uint32_t off, unsigned col,
                       struct flow_step *out)
{
    switch (f->texts[r->text].at[off]) {
    case ' ':
        if (r->exposed)
            show(out, sign_blank[f->ascii], 1, true);
        else
            show(out, " ", 1, false);
        out->blank = !r->exposed;
        return true;
    case '\t': step_tab(f, r, col, out); return true;
    case '\n': step_line_end(f, r, out); return true;
    case '\r': return step_return(f, r, off, out);
    default: return false;
    }
}

/* Signs that the flow itself writes: in a text they get a backslash. */
static const char *const sign_words[] = {"[-", "-]", "{+", "+}", "[<-", "{>+", "«", "»", NULL};
static const char *const sign_words_ascii[] = {"[-",  "-]", "{+", "+}", "[<-",
                                               "{>+", "<<", ">>", NULL};

static bool step_sign(const struct flow *f, const struct flow_run *r, uint32_t off,
                      struct flow_step *out)
{
    if (!f->signs || r->text == FLOW_SIGN)
        return false;
    struct slice text = f->texts[r->text];
    const char *const *words = f->ascii ? sign_words_ascii : sign_words;
    for (; *words; words++)
        if (slice_starts(slice_sub(text, off, text.len), *words))
            break;
    if (!*words)
        return false;
    uint32_t c;
    out->len = (uint32_t)utf8_decode(text.at + off, text.len - off, &c);
    int n = snprintf(out->own, sizeof out->own, "\\%.*s", (int)out->len, text.at + off);
    out->shown = (struct slice){out->own, (size_t)n};
    out->width = 2;
    out->mark = true;
    return true;
}

/* In an exposed run every character beyond ASCII is shown by its number: what looks alike does not
 * read alike. */
static void step_character(const struct flow_run *r, struct slice text, uint32_t off,
                           struct flow_step *out)
{
    if (r->exposed)
        visible_number(&out->seen, text, off);
    else
        visible_step(&out->seen, text, off);
    out->len = (uint32_t)out->seen.len;
    out->width = out->seen.width;
    out->mark = out->seen.mark;
    out->shown = out->seen.shown;
    out->wide = out->width == 2 && !out->mark;
}

void flow_step(const struct flow *f, const struct flow_run *r, uint32_t off, unsigned col,
               struct flow_step *out)
{
    struct slice text = f->texts[r->text];
    text.len = r->to; /* a character never reaches over the end of its run */
    out->len = 1;
    out->width = 0;
    out->ends_line = out->blank = out->mark = out->wide = false;
    out->shown = (struct slice){0};
    if (!step_blank(f, r, off, col, out) && !step_sign(f, r, off, out))
        step_character(r, text, off, out);
}
