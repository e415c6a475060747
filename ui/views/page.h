/* A page of lines: figures under labels, a log, what differs. Who fills it decides what a line means. */
#ifndef UI_VIEWS_PAGE_H
#define UI_VIEWS_PAGE_H

#include <stdint.h>

#include "base/str.h"
#include "ui/views/listing.h"

struct page_line {
    char *label, *text;
    enum look look;
    int64_t id; /* what Enter opens; 0: nothing */
};

/* Zero-initialise; free with page_free. */
struct page {
    struct page_line *lines;
    size_t count, cap;
    struct listing list;
};

void page_free(struct page *p);
void page_clear(struct page *p); /* no lines; the cursor stays where it is */
struct page_line *page_add(struct page *p, const char *label, struct slice text, enum look look);
/* Adds text where there is any, and empties it. */
void page_add_str(struct page *p, const char *label, struct str *text, enum look look);
/* A line for each of text's. */
void page_add_lines(struct page *p, struct slice text);
/* The text's last lines stay in view: at_end is what page_at_end said before the page was filled anew. */
bool page_at_end(const struct page *p);
void page_settle(struct page *p, bool at_end);
/* From row top to the last, labels in label cells (0: none); the cursor is shown where cursor is true. */
void page_paint(struct page *page, const struct paint *p, int top, int label, bool cursor);

#endif
