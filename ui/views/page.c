#include "ui/views/page.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"

void page_clear(struct page *p)
{
    for (size_t i = 0; i < p->count; i++) {
        mem_free(p->lines[i].label);
        mem_free(p->lines[i].text);
    }
    p->count = 0;
}

void page_free(struct page *p)
{
    page_clear(p);
    mem_free(p->lines);
    *p = (struct page){0};
}

struct page_line *page_add(struct page *p, const char *label, struct slice text, enum look look)
{
    p->lines = array_reserve(p->lines, &p->cap, p->count + 1, sizeof *p->lines);
    struct page_line *l = &p->lines[p->count++];
    *l = (struct page_line){mem_strdup(label), mem_strndup(text.at, text.len), look, 0};
    return l;
}

void page_add_str(struct page *p, const char *label, struct str *text, enum look look)
{
    if (text->len)
        page_add(p, label, str_slice(text), look);
    str_clear(text);
}

void page_add_lines(struct page *p, struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.at + at, '\n', text.len - at);
        size_t to = end ? (size_t)(end - text.at) : text.len;
        page_add(p, "", slice_sub(text, at, to), LOOK_TEXT);
        at = to + 1;
    }
}

bool page_at_end(const struct page *p)
{
    return p->list.cursor + 1 >= p->count;
}

void page_settle(struct page *p, bool at_end)
{
    if (at_end)
        p->list.cursor = p->count;
    listing_clamp(&p->list, p->count);
}

static void paint_line(const struct page_line *l, const struct paint *p, int row, int label, bool at)
{
    int col = 2;
    paint_z(p, row, 0, 2, at ? (p->ascii ? "> " : "▸ ") : "  ", at ? LOOK_CURSOR : LOOK_TEXT);
    if (label) {
        paint_z(p, row, col, label, l->label, at ? LOOK_CURSOR : LOOK_DIM);
        col += label + 1;
    }
    paint_z(p, row, col, p->cols - col, l->text, l->look);
}

void page_paint(struct page *page, const struct paint *p, int top, int label, bool cursor)
{
    listing_show(&page->list, p->rows - top);
    for (int i = 0; i < page->list.page; i++) {
        size_t at = page->list.top + (size_t)i;
        paint_fill(p, top + i, 0, p->cols, " ", LOOK_TEXT);
        if (at < page->count)
            paint_line(&page->lines[at], p, top + i, label, cursor && at == page->list.cursor);
    }
}
